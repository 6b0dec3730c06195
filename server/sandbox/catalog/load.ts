import { createDb, type Sql } from '@devforge/db'
import { recountRanks } from '../../src/modules/marketplace/service/search/ranks.ts'
import { openCopy, type Sink, withoutIndexes } from '../copy.ts'
import { type CatalogOptions, generateCatalog, RATERS } from './generate.ts'
import { createRandom, seededId } from './random.ts'
import { extensionLines, publisherLines, TABLES, type Table } from './rows.ts'

export interface LoadedCatalog {
  extensions: number
  packages: number
  ratings: number
  seconds: number
}

const TABLE_NAMES = Object.keys(TABLES) as Table[]

/**
 * Fills an empty catalog with made-up extensions, by COPY: what is searched, what editors' galleries are sent and what ranks are written
 * by the very functions that publishing and the jobs use. Files of the packages are not made.
 * @param url a database without extensions, to which nobody writes meanwhile
 */
export async function loadCatalog(url: string, options: CatalogOptions): Promise<LoadedCatalog> {
  const startedAt = performance.now()
  const handle = createDb(url, { max: TABLE_NAMES.length + 2 })
  const { sql, db } = handle
  try {
    const [{ any } = { any: true }] = await sql<
      { any: boolean }[]
    >`select exists (select from extensions) as any`
    if (any) throw new Error('There are extensions already. A made-up catalog goes into an empty one.')
    const random = createRandom((options.seed ?? 1) + 1)
    const raters = Array.from({ length: RATERS }, () => seededId('usr', random))
    await sql`
      insert into users (id, name, email)
      select id, 'Rater ' || n, 'rater-' || n || '@example.invalid' from unnest(${raters}::text[]) with ordinality as u(id, n)
      on conflict do nothing`
    const counts = await withoutIndexes(sql, TABLE_NAMES, async () => {
      const copied = await copyAll(sql, options, raters)
      // Without statistics each batch of the ranking would read all extensions.
      for (const table of ['publishers', 'extensions', 'extension_search']) await sql`analyze ${sql(table)}`
      await db.transaction(async (tx) => recountRanks(tx, options.now))
      // Ranking wrote every line twice: the old ones are left behind.
      await sql`vacuum full extension_search`
      return copied
    })
    await sql`select setval('extension_search_no_seq', greatest(1, (select max(no) from extension_search)))`
    for (const table of [...TABLE_NAMES, 'search_words']) await sql`vacuum analyze ${sql(table)}`
    return { ...counts, seconds: (performance.now() - startedAt) / 1_000 }
  } finally {
    await handle.close()
  }
}

/** Open COPYs, each on a connection of its own: all tables are filled at once, in one pass over the catalog. */
async function copyAll(
  sql: Sql,
  options: CatalogOptions,
  raters: string[],
): Promise<{ extensions: number; packages: number; ratings: number }> {
  const sinks = new Map<Table, Sink>()
  const connections: { commit(): Promise<void> }[] = []
  for (const table of TABLE_NAMES) {
    const opened = await openCopy(sql, table, TABLES[table])
    sinks.set(table, opened.sink)
    connections.push(opened)
  }
  const words = new Map<string, number>()
  const owner = raters[0] ?? ''
  const known = new Set<string>()
  const counts: Record<Table, number> = Object.fromEntries(TABLE_NAMES.map((table) => [table, 0])) as Record<
    Table,
    number
  >
  let no = 0
  for (const extension of generateCatalog(options)) {
    const lines = extensionLines(extension, { no: ++no, owner, raters, now: options.now, words })
    if (!known.has(extension.publisher.id)) {
      known.add(extension.publisher.id)
      lines.push(...publisherLines(extension.publisher, owner, options.now))
    }
    for (const [table, line] of lines) {
      counts[table]++
      await sinks.get(table)?.write(line)
    }
  }
  for (const sink of sinks.values()) await sink.end()
  for (const { commit } of connections) await commit()
  const entries = [...words]
  for (let start = 0; start < entries.length; start += 10_000) {
    const some = entries.slice(start, start + 10_000)
    await sql`
      insert into search_words (word, documents)
      select * from unnest(${some.map(([word]) => word)}::text[], ${some.map(([, count]) => count)}::int[])
      on conflict (word) do update set documents = excluded.documents`
  }
  return { extensions: counts.extensions, packages: counts.extension_versions, ratings: counts.ratings }
}
