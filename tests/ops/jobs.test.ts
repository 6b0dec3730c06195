import { setTimeout as sleep } from 'node:timers/promises'
import { startWorker } from '@devforge/server/jobs/worker'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'

// When a running worker takes up what is in the queues.

let t: TestApp
beforeAll(async () => {
  t = await createTestApp({ env: { WORKER: 'true' } })
  await startWorker(t.deps)
  // Everything it starts with is done, and its workers rest.
  await sleep(3000)
})
afterAll(() => t[Symbol.asyncDispose]())

/** Seconds by which the jobs of a queue were taken up late, once `count` of them were. */
async function late(name: string, since: Date, count: number): Promise<number[]> {
  const read = () => t.deps.sql<{ seconds: number }[]>`
    select extract(epoch from started_on - greatest(created_on, start_after))::float as seconds
    from pgboss.job where name = ${name} and created_on >= ${since.toISOString()}::timestamptz and started_on is not null`
  await expect.poll(async () => (await read()).length, { timeout: 40_000, interval: 250 }).toBe(count)
  return (await read()).map((row) => row.seconds)
}

const enqueue = (startAfterSeconds?: number) =>
  t.deps.jobs.enqueue(
    t.deps.db,
    'outbox.deliver',
    { outboxId: 'obx_none' },
    startAfterSeconds === undefined ? {} : { startAfterSeconds },
  )

test('a new job is taken up at once', { timeout: 60_000 }, async () => {
  const since = new Date(Date.now() - 100)
  for (let n = 0; n < 5; n++) {
    await enqueue()
    await sleep(200)
  }
  expect(Math.max(...(await late('outbox.deliver', since, 5)))).toBeLessThan(1.5)
})

test('a job for later is taken up within seconds of its time, though nothing tells of it', {
  timeout: 60_000,
}, async () => {
  const since = new Date(Date.now() - 100)
  await enqueue(1)
  await enqueue(4)
  expect(Math.max(...(await late('outbox.deliver', since, 2)))).toBeLessThan(6)
})

test('a job that failed is tried again after its wait, not after a long poll', {
  timeout: 60_000,
}, async () => {
  await t.deps.jobs.enqueue(t.deps.db, 'auth.mail', {
    kind: 'verify-email',
    sealedEmail: 'x',
    requestId: 'r',
  })
  const tries = async () => {
    const [row] = await t.deps.sql<{ tries: number }[]>`
      select max(retry_count) as tries from pgboss.job where name = 'auth.mail'`
    return row?.tries ?? 0
  }
  // Waits of some two and four seconds, with their jitter.
  await expect.poll(tries, { timeout: 20_000, interval: 250 }).toBeGreaterThanOrEqual(2)
})
