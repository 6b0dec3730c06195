import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemContext } from '@devforge/server/context'
import { reindexArticles } from '@devforge/server/modules/knowledge/service/reindex'
import { loadHelp } from '@devforge/server/sandbox/help/load'
import { expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'

const now = new Date('2026-11-25T12:00:00Z')

const load = (t: TestApp) =>
  loadHelp(systemContext(t.deps, { type: 'system', job: 'test' }), t.databaseUrl, { count: 160, now })

test('a made-up help is the same each time, and indexed as by the real code, in batches that are taken up again', async () => {
  await using t = await createTestApp()
  const loaded = await load(t)
  expect(loaded).toMatchObject({ articles: 160 })
  const { sql } = t.deps
  const [published] = await sql`select count(*)::int from articles where status = 'published'`
  const index = () => sql`select article_id, document, prior from article_search order by article_id`
  const words = () => sql`select * from article_words order by locale, word`
  const before = [await index(), await words()]
  expect(before[0]).toHaveLength(published?.count)
  expect(loaded.versions).toBeGreaterThan(300)
  expect(loaded.feedback).toBeGreaterThan(500)

  // A job that has no time does a batch and leaves the rest to the next one.
  await sql`delete from article_words`
  await sql`delete from article_word_lists`
  await sql`delete from article_search`
  const ctx = systemContext(t.deps, { type: 'system', job: 'test' })
  await reindexArticles(ctx, {}, 0)
  expect(await index()).toHaveLength(50)
  expect(await t.drain()).toEqual([])
  const after = [await index(), await words()]
  expect(after).toEqual(before)

  const found = await t.forge().knowledge.search({ query: 'editor license' })
  expect(found.items.length).toBeGreaterThan(0)
  await expect(load(t)).rejects.toThrow('There are articles already')
  await using other = await createTestApp()
  const again = await load(other)
  expect({ ...again, seconds: 0, indexSeconds: 0 }).toEqual({ ...loaded, seconds: 0, indexSeconds: 0 })
})

test('the bench of the help runs', { timeout: 240_000 }, async () => {
  const root = join(import.meta.dirname, '../..')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['tests/load/knowledge.ts', '--quick', '--count=200'],
    { cwd: root, maxBuffer: 1 << 26 },
  )
  expect(stdout).toContain('200 articles')
  for (const line of ['search', 'suggest', 'article', 'this solved it', 'page: article'])
    expect(stdout).toMatch(new RegExp(`^${line} +[\\d,]+ `, 'm'))
  expect(stdout).toContain('No large table')
})
