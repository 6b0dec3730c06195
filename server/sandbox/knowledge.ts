import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { articles, users } from '@devforge/db'
import { and, eq } from 'drizzle-orm'
import { systemContext } from '../src/context.ts'
import type { Deps } from '../src/deps.ts'
import { createInput } from '../src/modules/knowledge/schemas/writers.ts'
import { createArticle, publishArticle, type WriterCtx } from '../src/modules/knowledge/service/write.ts'

const FOLDER = join(import.meta.dirname, 'knowledge')
const FRONT_MATTER = /^---\n([\s\S]*?)\n---\n+([\s\S]*)$/

/** `proxy-settings.md`, or `proxy-settings.de.md`: a few lines of `name: value`, then the text. */
function parseArticle(file: string, source: string) {
  const [, head = '', body = ''] = FRONT_MATTER.exec(source) ?? []
  const [slug, locale = 'en'] = file.replace(/\.md$/, '').split('.')
  const members = Object.fromEntries(
    head.split('\n').map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
    }),
  )
  const tags = (members.tags ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter(Boolean)
  return createInput.parse({ ...members, slug, locale, tags, body })
}

/**
 * The help of the demo: writes and publishes the articles that are missing.
 * @returns how many were added
 */
export async function seedKnowledge(
  deps: Deps,
  { writerEmail, signal }: { writerEmail: string; signal?: AbortSignal },
): Promise<number> {
  const [writer] = await deps.db.select({ id: users.id }).from(users).where(eq(users.email, writerEmail))
  if (!writer) return 0
  const ctx: WriterCtx = {
    ...systemContext(deps, { type: 'system', job: 'seed' }),
    actor: { type: 'agent', userId: writer.id, sessionId: 'seed' },
  }
  let added = 0
  for (const file of (await readdir(FOLDER)).filter((name) => name.endsWith('.md')).sort()) {
    if (signal?.aborted) break
    const article = parseArticle(file, await readFile(join(FOLDER, file), 'utf8'))
    const [known] = await deps.db
      .select({ id: articles.id, version: articles.version, status: articles.status })
      .from(articles)
      .where(and(eq(articles.slug, article.slug ?? ''), eq(articles.locale, article.locale)))
    // A draft was left by a start that was stopped between the two.
    if (known && (known.status !== 'draft' || known.version > 1)) continue
    const draft = known ?? (await createArticle(ctx, article))
    await publishArticle(ctx, draft)
    added++
  }
  return added
}
