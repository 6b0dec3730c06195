import { figures } from '@devforge/server/modules/admin/queries/overview'
import { expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { buy } from '../support/payments.ts'
import { signUp } from '../support/people.ts'

test('what waits, what failed, and how today goes', async () => {
  await using t = await createTestApp()
  const admin = await signUp(t, { role: 'admin' })
  const ada = await signUp(t)
  const { paymentId } = await buy(t, ada, { plan: 'pro' })
  await admin.forge.payments.refund({ paymentId, amountMinor: 900, reason: 'x', idempotencyKey: 'a' })
  expect(await t.drain()).toEqual([])
  const { sql } = t.deps
  const now = t.clock.now().toISOString()
  await sql`insert into payments (id, user_id, status, amount_minor, currency, description, paid_at)
    values ('pay_old', ${ada.id}, 'succeeded', 500, 'usd', 'x', ${now}::timestamptz - interval '29 days'),
      ('pay_older', ${ada.id}, 'succeeded', 7000, 'usd', 'x', ${now}::timestamptz - interval '31 days'),
      ('pay_eur', ${ada.id}, 'succeeded', 300, 'eur', 'x', ${now})`
  await sql`insert into webhook_events (id, type, livemode, payload, status, occurred_at, received_at)
    values ('evt_f', 'x', false, '{}', 'failed', now(), now()), ('evt_q', 'x', false, '{}', 'quarantined', now(), now())`
  await sql`insert into outbox (kind, id, dedupe_key, payload, attempts)
    values ('mail', 'obx_1', '1', '{}', 50), ('mail', 'obx_2', '2', '{}', 3)`
  await t.deps.jobs.enqueue(t.deps.db, 'stripe.event', { eventId: 'evt_none' })
  await sql`update pgboss.job set state = 'failed' where state = 'created'`
  await sql`insert into support_queues (id, slug, name) values ('que_x', 'x', 'X')`
  await sql`insert into tickets (id, requester_id, subject, category, status, source, queue_id, status_changed_at, next_due_at, closed_at)
    values ('tkt_1', ${ada.id}, 'a', 'bug', 'new', 'web', 'que_x', now(), ${now}::timestamptz - interval '1 hour', null),
      ('tkt_2', ${ada.id}, 'b', 'bug', 'open', 'web', 'que_x', now(), ${now}::timestamptz + interval '1 hour', null),
      ('tkt_3', ${ada.id}, 'c', 'bug', 'closed', 'web', 'que_x', now(), null, now())`
  await sql`insert into sla_breaches (ticket_id, metric, cycle, due_at, at)
    values ('tkt_1', 'first_response', 1, now(), ${now}), ('tkt_3', 'resolution', 1, now(), ${now}::timestamptz - interval '20 days')`
  expect(await admin.forge.admin.overview()).toEqual({
    asOf: expect.any(Date),
    tickets: {
      new: 1,
      open: 1,
      pending: 0,
      on_hold: 0,
      unassigned: 2,
      overdue: 1,
      breaches: { today: 1, month: 2 },
    },
    webhooks: { received: 0, failed: 1, quarantined: 1 },
    failedJobs: 1,
    mails: { waiting: 1, givenUp: 1 },
    submissions: { received: 0, scanning: 0, scan_failed: 0, needs_review: 0, approved: 0 },
    openAppeals: 0,
    openReports: 0,
    newUsers: { today: 2, month: 2 },
    revenue: [
      { currency: 'eur', todayMinor: 300, monthMinor: 300 },
      { currency: 'usd', todayMinor: 49_000, monthMinor: 49_500 },
    ],
  })
  expect(await failure(ada.forge.admin.overview())).toBe('FORBIDDEN')
  expect(await failure((await signUp(t, { role: 'agent' })).forge.admin.overview())).toBe('FORBIDDEN')
  expect(await failure(t.forge().admin.overview())).toBe('AUTH_REQUIRED')
})

test('each figure comes out of an index, however much there is', async () => {
  await using t = await createTestApp()
  const { id } = await signUp(t)
  await fill(t, id, 10_000)
  const now = t.clock.now()
  const day = 86_400_000
  const moments = { now, today: new Date(now.getTime() - day / 2), month: new Date(now.getTime() - 30 * day) }
  for (const [name, statement] of Object.entries(figures(moments))) {
    const { sql: text, params } = compiled(t, statement)
    const rows = await t.deps.sql.unsafe(`explain ${text}`, params as never[])
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    const scanned = [...plan.matchAll(/Seq Scan on (\w+)/g)].map((match) => match[1])
    // Tables that this test leaves empty are read as a whole, of course.
    const large = scanned.filter((table) => LARGE.includes(table ?? ''))
    expect(large, `${name}\n${plan}`).toEqual([])
  }
}, 120_000)

const LARGE = [
  'tickets',
  'sla_breaches',
  'webhook_events',
  'job_common',
  'outbox',
  'submissions',
  'users',
  'payments',
  'refunds',
]

/** A statement as the driver gets it. */
function compiled(t: TestApp, statement: ReturnType<typeof figures>['tickets']) {
  const { dialect } = t.deps.db as unknown as {
    dialect: { sqlToQuery(sql: unknown): { sql: string; params: unknown[] } }
  }
  return dialect.sqlToQuery(statement)
}

/** Years of rows that are done with, a few that are not. */
async function fill(t: TestApp, userId: string, rows: number): Promise<void> {
  const { sql } = t.deps
  await sql`insert into support_queues (id, slug, name) values ('que_x', 'x', 'X')`
  await sql`insert into tickets (id, requester_id, subject, category, status, source, queue_id, status_changed_at, closed_at, next_due_at)
    select 'tkt_' || n, ${userId}, 's', 'bug', case when n % 100 = 0 then 'open' else 'closed' end::ticket_status, 'web', 'que_x', now(),
      case when n % 100 = 0 then null else now() end, case when n % 100 = 0 then now() end
    from generate_series(1, ${rows}) n`
  await sql`insert into sla_breaches (ticket_id, metric, cycle, due_at, at)
    select 'tkt_' || n, 'resolution', 1, now(), now() - n * interval '1 hour' from generate_series(1, ${rows}) n`
  await sql`insert into webhook_events (id, type, livemode, payload, status, occurred_at, received_at)
    select 'evt_' || n, 'x', false, '{}', case when n % 100 = 0 then 'failed' else 'processed' end::webhook_status, now(), now()
    from generate_series(1, ${rows}) n`
  await sql`insert into outbox (id, kind, dedupe_key, payload, sent_at)
    select 'obx_' || n, 'mail', n::text, '{}', case when n % 100 = 0 then null else now() end from generate_series(1, ${rows}) n`
  await sql`insert into users (id, name, email, created_at)
    select 'usr_' || n, 'N', 'n' || n || '@example.com', now() - n * interval '1 hour' from generate_series(1, ${rows}) n`
  await sql`insert into payments (id, user_id, status, amount_minor, currency, description, paid_at)
    select 'pay_' || n, ${userId}, 'succeeded', 100, 'usd', 'x', now() - n * interval '1 hour' from generate_series(1, ${rows}) n`
  await sql`insert into refunds (id, payment_id, status, amount_minor, currency, actor, created_at)
    select 'ref_' || n, 'pay_' || n, 'succeeded', 1, 'usd', 'x', now() - n * interval '1 hour' from generate_series(1, ${rows}) n`
  await sql`insert into pgboss.job (name, data, state, completed_on)
    select 'outbox.deliver', '{}', case when n % 200 = 0 then 'failed' else 'completed' end::pgboss.job_state, now()
    from generate_series(1, ${rows}) n`
  await sql`insert into publishers (id, name, name_key, display_name) values ('pub_x', 'x', 'x', 'X')`
  await sql`insert into submissions (id, publisher_id, user_id, identifier, version, target_platform, pre_release, sha256, size_bytes,
      storage_key, manifest, status)
    select 'smn_' || n, 'pub_x', ${userId}, 'x.y', '1.0.' || n, 'universal', false, decode(repeat('00', 32), 'hex'), 1, '', '{}',
      case when n % 100 = 0 then 'needs_review' else 'published' end::submission_status from generate_series(1, ${rows}) n`
  await sql`analyze`
}
