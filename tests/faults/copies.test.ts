import { systemContext } from '@devforge/server/context'
import { drainJobs } from '@devforge/server/jobs/worker'
import { sweep } from '@devforge/server/modules/payments/sweep'
import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { signUp } from '../support/people.ts'
import { startSmtp } from './smtp.ts'
import { TEST_MS } from './until.ts'
import { booksAtStripe, checkoutOfPro, createWorld, ONCE, pay, quiet, settledBooks } from './world.ts'

const BUYERS = 4
const SIGN_INS = 30
/** `sign-in:account+ip` of the server's rules. */
const SIGN_INS_ALLOWED = 10

test('two copies on one database: purchases, mails and limits are as of one', {
  timeout: TEST_MS,
}, async () => {
  await using smtp = await startSmtp()
  await using world = await createWorld({ copy: true, env: { SMTP_URL: smtp.url } })
  // One after the other: the first one migrates.
  await world.start()
  const copy = await world.startCopy()

  // Guards: events by id, licenses by checkout, mails by their keys and claims; Stripe delivers each event to both copies.
  const buyers = await Promise.all(
    Array.from({ length: BUYERS }, (_, n) => world.signUp(n % 2 ? { url: copy.url } : {})),
  )
  await Promise.all(buyers.map(async (buyer) => pay(world, (await checkoutOfPro(buyer)).url)))
  for (const buyer of buyers) {
    expect(await settledBooks(world, buyer)).toEqual(ONCE)
    expect(await booksAtStripe(world, buyer)).toEqual({ customers: 1, sessions: 1, paid: 1, refunds: 0 })
  }
  await quiet(world)
  const ids = smtp.mails.map(({ messageId }) => messageId)
  expect(ids).toHaveLength(new Set(ids).size)
  const keyMails = smtp.mails.filter(({ text }) => /DF-[0-9A-Z]{5}-/.test(text))
  expect(keyMails.map(({ to }) => to).sort()).toEqual(buyers.map(({ email }) => email).sort())
  // Both had their share, or this shows nothing.
  const worked = [await world.start(), copy.server].map(({ log }) =>
    log.filter(({ msg }) => msg === 'job done'),
  )
  expect(worked.every((jobs) => jobs.length > 0)).toBe(true)

  // Guards: limits are counted in the database.
  const victim = buyers[0]?.email ?? ''
  const codes = await Promise.all(
    Array.from({ length: SIGN_INS }, (_, n) =>
      failure(
        world
          .forge(n % 2 ? { url: copy.url } : {})
          .auth.signIn({ email: victim, password: 'not the password' }),
      ),
    ),
  )
  expect(codes.filter((code) => code === 'AUTH_INVALID_CREDENTIALS')).toHaveLength(SIGN_INS_ALLOWED)
  expect(codes.filter((code) => code === 'AUTH_RATE_LIMITED')).toHaveLength(SIGN_INS - SIGN_INS_ALLOWED)
})

// Guards: a job's key keeps its waiting jobs apart, or each minute of a standstill would add one more per row and copy.
test('sweeps of two copies, again and again, leave one waiting job per row', {
  timeout: TEST_MS,
}, async () => {
  await using t = await createTestApp()
  await using other = await createTestApp({ databaseUrl: t.databaseUrl, clock: t.clock })
  await t.deps.sql`
    insert into webhook_events (id, type, livemode, payload, status, occurred_at, received_at)
    select 'evt_' || n, 'invoice.paid', false, '{}', 'received', now(), now() - interval '5 minutes'
    from generate_series(1, 3) n`
  for (let minute = 0; minute < 3; minute++) {
    await Promise.all(
      [t, other, t].map(({ deps }) => sweep(systemContext(deps, { type: 'system', job: 'test' }))),
    )
  }
  const jobs = await t.deps.sql`
    select data ->> 'eventId' as id from pgboss.job where name = 'stripe.event' and state = 'created' order by 1`
  expect(jobs.map(({ id }) => id)).toEqual(['evt_1', 'evt_2', 'evt_3'])
})

// Guards: the heartbeat of jobs. One copy dies, nobody restarts it: its jobs go to the others.
test('a job of a copy that died is given to another within its heartbeat', { timeout: TEST_MS }, async () => {
  await using t = await createTestApp()
  const { boss } = t.deps.jobs
  await signUp(t)
  const [taken] = await boss.fetch('outbox.deliver')
  expect(taken).toBeDefined()
  const states = async () =>
    (await t.deps.sql`select state from pgboss.job where id = ${taken?.id ?? ''}`).map(({ state }) => state)
  await boss.supervise('outbox.deliver')
  expect(await states()).toEqual(['active'])
  // Half a minute of silence; far from the time in which a job that lives must end.
  await t.deps.sql`
    update pgboss.job set heartbeat_on = heartbeat_on - interval '30 seconds' where id = ${taken?.id ?? ''}`
  await t.deps.sql`update pgboss.queue set monitor_on = null, monitor_claim_on = null`
  await boss.supervise('outbox.deliver')
  expect(await states()).toEqual(['retry'])
  await t.deps.sql`update pgboss.job set start_after = now() where id = ${taken?.id ?? ''}`
  expect((await drainJobs(t.deps)).errors).toEqual([])
  expect(await states()).toEqual(['completed'])
})
