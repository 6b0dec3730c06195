import { setTimeout as sleep } from 'node:timers/promises'
import { systemContext } from '@devforge/server/context'
import { lockPublisher } from '@devforge/server/modules/marketplace/queries/publishers'
import { lockExtension } from '@devforge/server/modules/marketplace/queries/versions'
import { refindExtensions } from '@devforge/server/modules/marketplace/service/publisher-profile'
import { processSubmission } from '@devforge/server/modules/marketplace/service/submissions/process'
import { sweepFiles } from '@devforge/server/modules/marketplace/service/submissions/sweep'
import { inTx } from '@devforge/server/tx'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Marketplace, openMarketplace } from '../support/marketplace.ts'
import { packVsix } from '../support/vsix.ts'

// What a review of the marketplace found wrong when several work at once, or one dies.

const DAY = 86_400_000

let t: TestApp
let m: Marketplace
beforeAll(async () => {
  t = await createTestApp()
  m = await openMarketplace(t)
  await m.publish({ name: 'first' })
})
afterAll(() => t[Symbol.asyncDispose]())

const ctx = () => systemContext(t.deps, { type: 'system', job: 'marketplace.process' })

async function extensionIds(name: string): Promise<{ id: string; publisherId: string }> {
  const [row] = await t.deps
    .sql`select id, publisher_id from extensions where identifier = ${`${m.publisher}.${name}`}`
  return { id: row?.id, publisherId: row?.publisher_id }
}

// The takedown held the extension and wanted the publisher for its history, whoever changed the publisher the other way round: one
// of them was killed as a deadlock, after a second.
test('a takedown does not wait for somebody who changes the publisher, and so never in a circle', async () => {
  await m.publish({ name: 'circle' })
  const { id, publisherId } = await extensionIds('circle')
  let tries = 0
  await inTx(ctx(), async (ctx) => {
    tries++
    await lockPublisher(ctx.db, publisherId, 'update')
    const takedown = m.admin.forge.marketplace.takedown({
      id: `${m.publisher}.circle`,
      reason: 'a copy',
      malicious: false,
    })
    const first = await Promise.race([takedown, sleep(3_000, 'waits for us')])
    expect(first).toMatchObject({ id: `${m.publisher}.circle` })
    // As the removal of a publisher does.
    expect((await lockExtension(ctx.db, id))?.status).toBe('removed')
  })
  expect(tries).toBe(1)
})

// A new display name of the publisher is written into the search by a job, which read the extension, and then wrote what it had read.
test('the search does not learn of an extension again that was taken down meanwhile', async () => {
  await m.publish({ name: 'gone' })
  const { id, publisherId } = await extensionIds('gone')
  const indexed = () => t.deps.sql`select 1 from extension_search where extension_id = ${id}`
  expect(await indexed()).toHaveLength(1)
  const refound = await t.deps.sql.begin(async (sql) => {
    await sql`update extensions set status = 'removed' where id = ${id}`
    await sql`delete from extension_search where extension_id = ${id}`
    const work = refindExtensions(ctx(), publisherId)
    // Until it has come to what we hold.
    await sleep(500)
    return { work }
  })
  await refound.work
  expect(await indexed()).toHaveLength(0)
})

test('a rejected package stays as long as somebody has yet to answer its appeal', async () => {
  await t.drain()
  const before = new Date(t.clock.now().getTime() - 29 * DAY).toISOString()
  const rejected = async (name: string) => {
    const { id } = await m.author.forge.marketplace.submit(await packVsix({ publisher: m.publisher, name }))
    await t.deps.sql`
      update submissions set status = 'rejected', scanned_at = now(), updated_at = ${before} where id = ${id}`
    return id
  }
  const [appealed, forgotten] = [await rejected('appealed'), await rejected('forgotten')]
  await t.drain()
  await m.author.forge.marketplace.appeal({ id: appealed, text: 'It is only a test.' })
  t.clock.advance(3 * DAY)
  await sweepFiles(ctx())
  const isThere = async (id: string) => (await t.deps.files.size(`incoming/${id}.vsix`)) !== null
  expect([await isThere(appealed), await isThere(forgotten)]).toEqual([true, false])
  // Whose bytes may be gone cannot be appealed any more.
  const late = m.author.forge.marketplace.appeal({ id: forgotten, text: 'What about this one?' })
  expect(await failure(late)).toBe('APPEAL_NOT_POSSIBLE')
  await m.admin.forge.marketplace.approve({ submissionId: appealed })
  await t.drain()
  expect((await m.author.forge.marketplace.submission({ id: appealed })).status).toBe('published')
})

test('a file that cannot be deleted does not keep others from being swept', async () => {
  const { files } = t.deps
  const keys = ['incoming/smn_a.vsix', 'incoming/smn_b.vsix', 'incoming/smn_c.vsix']
  for (const key of keys) await files.put(key, 'x', { contentType: 'x' })
  t.clock.advance(2 * DAY)
  const remove = files.delete
  files.delete = async (key) => {
    if (key === keys[1]) throw new Error('the bucket says no')
    await remove(key)
  }
  await sweepFiles(ctx())
  files.delete = remove
  expect(await Promise.all(keys.map((key) => files.size(key)))).toEqual([null, 1, null])
  await sweepFiles(ctx())
  expect(await files.size(keys[1] ?? '')).toBeNull()
})

// It was an INTERNAL error, of the index that lets one of them live.
test('of two rejected packages of one version that are brought back at once one is, and the other is told', async () => {
  const rejected = async () => {
    const { id } = await m.author.forge.marketplace.submit(
      await packVsix({ publisher: m.publisher, name: 'first', version: '1.5.0' }),
    )
    await t.deps.sql`update submissions set status = 'rejected', scanned_at = now() where id = ${id}`
    return id
  }
  const [one, other] = [await rejected(), await rejected()]
  await t.drain()
  await m.author.forge.marketplace.appeal({ id: one, text: 'It is only a test.' })
  const { approval } = await t.deps.sql.begin(async (sql) => {
    await sql`update submissions set status = 'needs_review' where id = ${other}`
    const approval = failure(m.admin.forge.marketplace.approve({ submissionId: one }))
    await sleep(500)
    return { approval }
  })
  expect(await approval).toBe('CONFLICT')
  expect((await m.author.forge.marketplace.submission({ id: one })).status).toBe('rejected')
  await t.deps.sql`update submissions set status = 'rejected' where id = ${other}`
})

test('who was taken over in the middle of publishing notes nothing any more of where files are', async () => {
  const { id } = await m.author.forge.marketplace.submit(
    await packVsix({ publisher: m.publisher, name: 'first', version: '2.0.0' }),
  )
  await t.deps.sql`update submissions set status = 'approved', scanned_at = now() where id = ${id}`
  // Between the claim of the first and its first note, another one takes over.
  const { deleteAll } = t.deps.files
  await t.deps
    .sql`update submissions set publish_prefix = 'extensions/ext_x/2.0.0/universal/old-1' where id = ${id}`
  t.deps.files.deleteAll = async (prefix) => {
    await deleteAll(prefix)
    if (!prefix.endsWith('old-1')) return
    await t.deps.sql`
      update submissions set attempts = attempts + 1, publish_prefix = 'extensions/ext_x/2.0.0/universal/theirs' where id = ${id}`
  }
  await processSubmission(ctx(), id)
  t.deps.files.deleteAll = deleteAll
  const [row] = await t.deps.sql`select status, publish_prefix from submissions where id = ${id}`
  expect(row).toEqual({ status: 'approved', publish_prefix: 'extensions/ext_x/2.0.0/universal/theirs' })
  t.clock.advance(61_000)
  await processSubmission(ctx(), id)
  expect((await m.author.forge.marketplace.submission({ id })).status).toBe('published')
  await t.drain()
})

test('a package that kills whoever scans it is tried less and less often', async () => {
  const { id } = await m.author.forge.marketplace.submit(
    await packVsix({ publisher: m.publisher, name: 'first', version: '3.0.0' }),
  )
  const died = (attempts: number) => t.deps.sql`
    update submissions set status = 'scanning', attempts = ${attempts}, claimed_at = ${t.clock.now().toISOString()},
      updated_at = ${t.clock.now().toISOString()} where id = ${id}`
  const isTaken = async (all: boolean) => {
    await t.deps.jobs.enqueue(t.deps.db, 'marketplace.sweep', { all })
    await t.drain()
    return (await m.author.forge.marketplace.submission({ id })).status !== 'scanning'
  }
  await died(6)
  await t.drain()
  t.clock.advance(3 * 60_000)
  expect([await isTaken(false), await isTaken(true)]).toEqual([false, false])
  t.clock.advance(30 * 60_000)
  expect(await isTaken(false)).toBe(true)
})
