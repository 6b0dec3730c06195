import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Marketplace, openMarketplace } from '../support/marketplace.ts'
import { signUp } from '../support/people.ts'
import { packVsix } from '../support/vsix.ts'

// What becomes of the bytes of versions that are removed, or taken down.

const DAY = 86_400_000

let t: TestApp
let m: Marketplace
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(() => t[Symbol.asyncDispose]())

async function sweep(): Promise<void> {
  await t.deps.jobs.enqueue(t.deps.db, 'marketplace.sweepFiles', {})
  expect(await t.drain()).toEqual([])
}

/** Which versions of an extension still have their package in the storage. */
async function stored(identifier: string): Promise<string[]> {
  const rows = await t.deps.sql<{ version: string; prefix: string }[]>`
    select v.version, v.storage_prefix as prefix from extension_versions v join extensions e on e.id = v.extension_id
    where e.identifier = ${identifier} order by v.version`
  const found: string[] = []
  for (const { version, prefix } of rows) {
    const isThere = await access(join(t.deps.env.FILES_DIR, prefix)).then(
      () => true,
      () => false,
    )
    if (isThere) found.push(version)
  }
  return found
}

const events = async (identifier: string, type: string) =>
  t.deps.sql`select ev.type, ev.after from extension_events ev join extensions e on e.id = ev.extension_id
    where e.identifier = ${identifier} and ev.type = ${type}`

async function publishTwo(): Promise<string> {
  m = await openMarketplace(t)
  await m.publish({ version: '1.0.0' })
  await m.publish({ version: '1.1.0' })
  return `${m.publisher}.hello`
}

test('the files of a removed version are deleted a month later; the tombstone and its neighbors stay', async () => {
  const id = await publishTwo()
  await m.author.forge.marketplace.remove({ id, version: '1.0.0', reason: 'it held a secret' })
  t.clock.advance(30 * DAY - 60_000)
  await sweep()
  expect(await stored(id)).toEqual(['1.0.0', '1.1.0'])
  t.clock.advance(120_000)
  await sweep()
  await sweep()
  expect(await stored(id)).toEqual(['1.1.0'])
  expect(await events(id, 'version.files_deleted')).toMatchObject([
    { after: { version: '1.0.0', targetPlatform: 'universal' } },
  ])
  expect((await t.forge().marketplace.download({ id })).version).toBe('1.1.0')
  expect(await failure(t.forge().marketplace.download({ id, version: '1.0.0' }))).toBe('EXTENSION_NOT_FOUND')
  t.clock.advance(-30 * DAY - 60_000)
  // Not given again, not even to its own bytes.
  const again = packVsix({ publisher: m.publisher, version: '1.0.0' })
  expect(await failure(m.author.forge.marketplace.submit(await again))).toBe('VERSION_EXISTS')
})

test('yanked versions keep theirs for good', async () => {
  const id = await publishTwo()
  await m.author.forge.marketplace.yank({ id, version: '1.0.0', reason: 'slow' })
  t.clock.advance(400 * DAY)
  await sweep()
  t.clock.advance(-400 * DAY)
  expect(await stored(id)).toEqual(['1.0.0', '1.1.0'])
})

test('files that cannot be deleted now are tried again, and keep no others', async () => {
  const [one, two] = [await publishTwo(), await publishTwo()]
  const at = new Date(t.clock.now().getTime() - 40 * DAY).toISOString()
  await t.deps.sql`update extension_versions set status = 'removed', status_changed_at = ${at}::timestamptz
    where extension_id in (select id from extensions where identifier in (${one}, ${two}))`
  const { files } = t.deps
  const deleteAll = files.deleteAll
  files.deleteAll = async (prefix) => {
    if (prefix.includes('/1.0.0/')) throw new Error('the bucket is away')
    await deleteAll(prefix)
  }
  try {
    await sweep()
  } finally {
    files.deleteAll = deleteAll
  }
  expect([await stored(one), await stored(two)]).toEqual([['1.0.0'], ['1.0.0']])
  await sweep()
  expect([await stored(one), await stored(two)]).toEqual([[], []])
})

test('a takedown can be undone with all its versions for months; then it is final, and its files go', async () => {
  const id = await publishTwo()
  const undone = await publishTwo()
  for (const taken of [id, undone]) {
    await m.admin.forge.marketplace.takedown({ id: taken, reason: 'it steals keys', malicious: true })
  }
  t.clock.advance(149 * DAY)
  await sweep()
  expect(await stored(id)).toEqual(['1.0.0', '1.1.0'])
  const admin = await signUp(t, { role: 'admin' })
  expect(await admin.forge.marketplace.restore({ id: undone, reason: 'a mistake' })).toMatchObject({
    status: 'published',
    versions: 2,
  })
  t.clock.advance(2 * DAY)
  await sweep()
  expect(await events(id, 'extension.takedown_final')).toHaveLength(1)
  expect(await stored(id)).toEqual(['1.0.0', '1.1.0'])
  t.clock.advance(31 * DAY)
  await sweep()
  await sweep()
  expect(await stored(id)).toEqual([])
  expect(await stored(undone)).toEqual(['1.0.0', '1.1.0'])
  expect(await events(id, 'extension.takedown_final')).toHaveLength(1)
  // Still on the kill list; and restoring it finds nothing to publish.
  expect((await t.forge().marketplace.killList()).malicious.map((item) => item.id)).toContain(id)
  const late = await signUp(t, { role: 'admin' })
  expect(await late.forge.marketplace.restore({ id, reason: 'too late' })).toMatchObject({ status: 'hidden' })
  t.clock.advance(-182 * DAY)
})

test('nothing of a takedown goes while its appeal is open, nor what its author removed from it before', async () => {
  const id = await publishTwo()
  await m.author.forge.marketplace.remove({ id, version: '1.0.0' })
  await m.admin.forge.marketplace.takedown({ id, reason: 'it steals keys', malicious: true })
  await m.author.forge.marketplace.appeal({ id, text: 'It does not.' })
  t.clock.advance(100 * DAY)
  await sweep()
  expect(await stored(id)).toEqual(['1.0.0', '1.1.0'])
  t.clock.advance(100 * DAY)
  await sweep()
  expect(await stored(id)).toContain('1.1.0')
  expect(await events(id, 'extension.takedown_final')).toEqual([])
  t.clock.advance(-200 * DAY)
})
