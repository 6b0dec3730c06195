import { createDb, type Sql } from '@devforge/db'
import type { Ctx } from '../../src/context.ts'
import { reindexArticles } from '../../src/modules/knowledge/service/reindex.ts'
import { createRandom, seededId } from '../catalog/random.ts'
import { line, openCopy, type Sink } from '../copy.ts'
import { generateArticles, generateSearches, type HelpOptions, type SeededArticle } from './generate.ts'

export interface LoadedHelp {
  articles: number
  versions: number
  feedback: number
  deflections: number
  searches: number
  writers: string[]
  readers: string[]
  seconds: number
  /** Of these, so many went into making the index. */
  indexSeconds: number
}

const TABLES = {
  articles: `id, slug, locale, status, version, published_version, published_at, revised_at, created_by, helpful, not_helpful, solved, created_at,
    updated_at`,
  article_versions: `id, article_id, number, title, summary, body, category, tags, visibility, min_version, max_version, author_id, at`,
  article_feedback: 'id, article_id, reader, helpful, created_at, updated_at',
  article_deflections: 'id, article_id, reader, day, at',
  knowledge_searches: 'id, kind, query, locale, found, shown, opened, at',
} as const
type Table = keyof typeof TABLES

const WRITERS = 20
const READERS = 500

/**
 * Fills an empty help with made-up articles, by COPY, and has the real code index them.
 * @param ctx of a database without articles, to which nobody writes meanwhile
 */
export async function loadHelp(ctx: Ctx, url: string, options: HelpOptions): Promise<LoadedHelp> {
  const startedAt = performance.now()
  const handle = createDb(url, { max: Object.keys(TABLES).length + 2 })
  const { sql } = handle
  try {
    const [{ any } = { any: true }] = await sql<
      { any: boolean }[]
    >`select exists (select from articles) as any`
    if (any) throw new Error('There are articles already. A made-up help goes into an empty one.')
    const random = createRandom(7)
    const people = (count: number) => Array.from({ length: count }, () => seededId('usr', random))
    const [writers, readers] = [people(WRITERS), people(READERS)]
    await copyPeople(sql, writers, 'agent')
    await copyPeople(sql, readers, 'customer')
    const counts = await copyHelp(sql, options, writers)
    const indexStartedAt = performance.now()
    await reindexArticles(ctx, {}, Number.POSITIVE_INFINITY)
    const indexSeconds = (performance.now() - indexStartedAt) / 1_000
    for (const table of [...Object.keys(TABLES), 'article_search', 'article_words', 'users'])
      await sql`vacuum analyze ${sql(table)}`
    return { ...counts, writers, readers, seconds: (performance.now() - startedAt) / 1_000, indexSeconds }
  } finally {
    await handle.close()
  }
}

async function copyPeople(sql: Sql, ids: string[], role: 'agent' | 'customer'): Promise<void> {
  const { sink, commit } = await openCopy(sql, 'users', 'id, name, email, email_verified, role')
  for (const [i, id] of ids.entries())
    await sink.write(line([id, `${role} ${i + 1}`, `${role}-${i + 1}@example.invalid`, true, role]))
  await sink.end()
  await commit()
}

async function copyHelp(sql: Sql, options: HelpOptions, writers: string[]) {
  const random = createRandom(3)
  const opened = await Promise.all(
    (Object.keys(TABLES) as Table[]).map(async (table) => ({
      table,
      ...(await openCopy(sql, table, TABLES[table])),
    })),
  )
  const sinks = new Map<Table, Sink>(opened.map(({ table, sink }) => [table, sink]))
  const write = (table: Table, values: Parameters<typeof line>[0]) => sinks.get(table)?.write(line(values))
  const counts = { articles: 0, versions: 0, feedback: 0, deflections: 0, searches: 0 }
  const shown: string[] = []
  for (const article of generateArticles(options)) {
    const author = random.pick(writers)
    await write('articles', rowOf(article, author))
    for (const [i, version] of article.versions.entries()) {
      const { category, tags, visibility, minVersion, maxVersion } = article
      const at = new Date(article.createdAt.getTime() + i * 1_000)
      const said = [
        version.title,
        version.summary,
        version.body,
        category,
        tags,
        visibility,
        minVersion,
        maxVersion,
      ]
      await write('article_versions', [seededId('arv', random), article.id, i + 1, ...said, author, at])
    }
    counts.articles++
    counts.versions += article.versions.length
    if (article.status !== 'published') continue
    if (article.visibility === 'public') shown.push(article.id)
    for (let i = 0; i < article.helpful + article.notHelpful; i++) {
      const at = new Date(article.updatedAt.getTime() + i * 1_000)
      await write('article_feedback', [
        seededId('fbk', random),
        article.id,
        digest(random),
        i < article.helpful,
        at,
        at,
      ])
    }
    for (let i = 0; i < article.solved; i++) {
      const at = new Date(Math.min(options.now.getTime(), article.updatedAt.getTime() + i * 3_600_000))
      const row = [seededId('dfl', random), article.id, digest(random), at.toISOString().slice(0, 10), at]
      await write('article_deflections', row)
    }
    counts.feedback += article.helpful + article.notHelpful
    counts.deflections += article.solved
  }
  for (const search of generateSearches({ ...options, count: options.count * 20 }, shown)) {
    const { id, kind, query, found, opened, at } = search
    await write('knowledge_searches', [id, kind, query, 'en', found, search.shown, opened, at])
    counts.searches++
  }
  for (const { sink } of opened) await sink.end()
  for (const { commit } of opened) await commit()
  return counts
}

/** As `bytea` is spelled. */
const digest = (random: { bits(): number }): string =>
  `\\x${Array.from({ length: 4 }, () => random.bits().toString(16).padStart(8, '0')).join('')}`

function rowOf(article: SeededArticle, author: string): Parameters<typeof line>[0] {
  const { id, slug, locale, status, versions, createdAt, updatedAt, helpful, notHelpful, solved } = article
  const isOut = status === 'published'
  return [
    id,
    slug,
    locale,
    status,
    versions.length,
    isOut ? versions.length : null,
    isOut ? createdAt : null,
    isOut ? updatedAt : null,
    author,
    isOut ? helpful : 0,
    isOut ? notHelpful : 0,
    isOut ? solved : 0,
    createdAt,
    updatedAt,
  ]
}
