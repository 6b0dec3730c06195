import { systemContext } from '@devforge/server/context'
import { followPolicy } from '@devforge/server/modules/support/service/sla/settings'
import { runTimers } from '@devforge/server/modules/support/service/timers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, hireAgent, openDesk } from '../support/desk.ts'
import { placeExtension } from '../support/extensions.ts'
import { type Person, signUp } from '../support/people.ts'
import { nextMonday, sweep } from '../tickets/sla/support.ts'

const HOUR = 60 * 60_000
const DAY = 24 * HOUR

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
  await t.deps.sql.unsafe(`
    create table broken_tickets (id text primary key);
    create function refuse_broken() returns trigger language plpgsql as $$
    begin
      if exists (select from broken_tickets b where b.id = old.id) then raise exception 'broken'; end if;
      return new;
    end $$;
    create trigger refuse_broken before update on tickets for each row execute function refuse_broken()`)
})
afterAll(() => t[Symbol.asyncDispose]())

const system = () => systemContext(t.deps, { type: 'system', job: 'test' })
/** As a ticket is that no change of can be written, whatever the reason. */
const breakTicket = (id: string) => t.deps.sql`insert into broken_tickets values (${id})`
const mend = () => t.deps.sql`delete from broken_tickets`
const statusOf = async (id: string) =>
  (await t.deps.sql<{ status: string }[]>`select status from tickets where id = ${id}`)[0]?.status
const signInAgain = async (...people: Person[]) => {
  for (const { forge, email, password } of people) await forge.auth.signIn({ email, password })
}
async function open(): Promise<string> {
  for (const limit of ['ticket:account', 'ticket-reply:account'] as const)
    await t.deps.limits.reset(limit, desk.customer.id)
  return (await desk.customer.forge.tickets.create(aTicket())).id
}

describe('one ticket that cannot be written keeps no other', () => {
  test('from being opened, solved and closed by time', async () => {
    const ids: string[] = []
    for (let n = 0; n < 6; n++) ids.push(await open())
    const [brokenHold = '', hold = '', brokenPending = '', pending = '', brokenSolved = '', solved = ''] = ids
    const { tickets } = desk.agent.forge
    for (const id of [brokenHold, hold]) {
      const { version } = await tickets.get({ id })
      const until = new Date(t.clock.now().getTime() + HOUR)
      await tickets.transition({ id, to: 'on_hold', reason: 'later', until, version })
    }
    for (const id of [brokenPending, pending]) await tickets.reply({ id, body: 'Which?', status: 'pending' })
    for (const id of [brokenSolved, solved]) await tickets.solve({ id })
    for (const id of [brokenHold, brokenPending, brokenSolved]) await breakTicket(id)
    t.clock.advance(15 * DAY)
    await expect(runTimers(system())).rejects.toThrow('3 tickets')
    expect(await Promise.all([hold, pending, solved].map(statusOf))).toEqual(['open', 'solved', 'closed'])
    await mend()
    await runTimers(system())
    expect(await Promise.all([brokenHold, brokenPending, brokenSolved].map(statusOf))).toEqual([
      'open',
      'solved',
      'closed',
    ])
    await signInAgain(desk.agent, desk.admin, desk.customer)
  })

  test('from being counted anew by another policy; it is tried again alone', async () => {
    const [broken, fine] = [await open(), await open()]
    await breakTicket(broken)
    const { items } = await desk.admin.forge.admin.slaPolicies()
    const policy = items.find(({ plan, priority }) => plan === 'free' && priority === 'normal')
    if (!policy) throw new Error('there is a policy')
    const { plan, priority, calendarId, nextResponseMinutes, resolutionMinutes } = policy
    const targets = { firstResponseMinutes: 7, nextResponseMinutes, resolutionMinutes }
    await desk.admin.forge.admin.setSlaPolicy({ plan, priority, calendarId, ...targets })
    const targetOf = async (id: string) =>
      (
        await t.deps.sql<
          { ms: number }[]
        >`select (sla->'firstResponse'->>'targetMs')::int as ms from tickets where id = ${id}`
      )[0]?.ms
    await followPolicy(system(), { plan, priority })
    expect(await targetOf(fine)).toBe(7 * 60_000)
    const [left] = await t.deps.sql`
      select data from pgboss.job where name = 'support.slaChanged' and data->'only' is not null`
    expect(left?.data).toEqual({ plan, priority, only: [broken] })
    await mend()
    await followPolicy(system(), { plan, priority, only: [broken] })
    expect(await targetOf(broken)).toBe(7 * 60_000)
    await t.drain()
  })

  test('from what is done to many at once: each is told of', async () => {
    const [first, broken, last] = [await open(), await open(), await open()]
    await breakTicket(broken)
    const { results } = await desk.agent.forge.tickets.bulk({
      ids: [first, broken, last],
      action: { type: 'priority', priority: 'low' },
    })
    expect(results).toMatchObject([
      { id: first, ok: true, code: null },
      { id: broken, ok: false, code: 'INTERNAL' },
      { id: last, ok: true, code: null },
    ])
    await mend()
  })
})

test('whoever is asked something more on the sixth day has a week from then on to answer', async () => {
  const id = await open()
  await desk.agent.forge.tickets.reply({ id, body: 'Which version?', status: 'pending' })
  t.clock.advance(6.5 * DAY)
  await signInAgain(desk.agent, desk.admin, desk.customer)
  await desk.agent.forge.tickets.reply({ id, body: 'And which system?' })
  expect(await statusOf(id)).toBe('pending')
  t.clock.advance(6 * DAY)
  await runTimers(system())
  expect(await statusOf(id)).toBe('pending')
  t.clock.advance(DAY)
  await runTimers(system())
  expect(await statusOf(id)).toBe('solved')
  await signInAgain(desk.agent, desk.admin, desk.customer)
})

test('a ban that is lifted and a role that is given have waiting tickets given out at once', async () => {
  await t.deps
    .sql`update tickets set status = 'closed', closed_at = now(), hold_until = null where status <> 'closed'`
  await t.deps.sql`update support_agents set available = false`
  const [banned, hired] = [await hireAgent(t, { capacity: 1 }), await hireAgent(t, { capacity: 1 })]
  const { admin } = desk.admin.forge
  await admin.ban({ userId: banned.id, reason: 'test' })
  await admin.setRole({ userId: hired.id, role: 'customer', reason: 'test' })
  await t.deps.sql`update support_queues set assignment = 'least_loaded'`
  await open()
  await t.drain()
  const assignees = async () =>
    (await t.deps.sql`select assignee_id as id from tickets where status in ('new', 'open') order by id`).map(
      ({ id }) => id,
    )
  expect(await assignees()).toEqual([null])
  await admin.unban({ userId: banned.id, reason: 'test' })
  await t.drain()
  expect(await assignees()).toEqual([banned.id])
  await open()
  await t.drain()
  await admin.setRole({ userId: hired.id, role: 'agent', reason: 'test' })
  await t.drain()
  expect(await assignees()).toEqual([banned.id, hired.id])
  await t.deps.sql`update support_queues set assignment = 'manual'`
  await t.deps.sql`update support_agents set available = true`
})

describe('a promise that is broken of a ticket that nobody has', () => {
  const told = async (person: Person) =>
    (await t.mails(person.email)).filter(({ subject }) => /nobody has/.test(subject))

  test('is told to those who could take it, once an hour, however many there are', async () => {
    const monday = nextMonday(t)
    await signInAgain(desk.agent, desk.admin, desk.customer)
    await sweep(t)
    const before = (await told(desk.agent)).length
    for (let n = 0; n < 4; n++) await open()
    t.clock.set(new Date(monday.getTime() + 3 * DAY + HOUR))
    expect(await sweep(t)).toEqual([])
    expect(await t.drain()).toEqual([])
    const [mail, ...more] = (await told(desk.agent)).slice(before)
    expect(more).toEqual([])
    expect(mail?.text).toMatch(/ticket #\d+ of the queue General.* first response was due at/)
    // Customers' words stay in the desk.
    expect(JSON.stringify(mail)).not.toContain('does not start')
    const people = await t.deps
      .sql`select payload->>'to' as to from outbox where dedupe_key like ${`mail:sla-unassigned:que_general:${t.clock.now().toISOString().slice(0, 13)}%`}`
    expect(people.length).toBeLessThanOrEqual(5)
  })

  test('is told to admins where a queue has no agents', async () => {
    const monday = nextMonday(t)
    await signInAgain(desk.agent, desk.admin, desk.customer)
    await sweep(t)
    const before = [await told(desk.admin), await told(desk.agent)].map(({ length }) => length)
    await t.deps.sql`delete from support_queue_agents where queue_id = 'que_general'`
    await open()
    t.clock.set(new Date(monday.getTime() + 3 * DAY + HOUR))
    expect(await sweep(t)).toEqual([])
    expect(await t.drain()).toEqual([])
    const after = [await told(desk.admin), await told(desk.agent)].map(({ length }) => length)
    expect(after.map((count, i) => count - (before[i] ?? 0))).toEqual([1, 0])
    await signInAgain(desk.agent, desk.admin, desk.customer)
  })
})

test('a report that is decided is told in one mail, and gives its ticket to nobody', async () => {
  const [owner, reporter] = [await signUp(t), await signUp(t)]
  const extension = await placeExtension(t, { owner })
  const filed = await reporter.forge.marketplace.reportAbuse({
    id: extension.id,
    category: 'malware',
    text: 'It reads my keys.',
  })
  await t.drain()
  const before = (await t.mails(reporter.email)).length
  const decision = { reportId: filed.id, decision: 'dismissed' as const, answer: 'It does not.' }
  await desk.admin.forge.marketplace.decideReport(decision)
  await t.drain()
  const mails = (await t.mails(reporter.email)).slice(before)
  expect(mails.map(({ text }) => text.includes('It does not.'))).toEqual([true])
  const id = filed.ticketId ?? ''
  expect(await desk.agent.forge.tickets.get({ id })).toMatchObject({
    status: 'solved',
    desk: { assignee: null },
  })
})

test('a decision is told where the ticket of a merged report goes on, which is not solved by it', async () => {
  const [owner, reporter] = [await signUp(t), await signUp(t)]
  const extension = await placeExtension(t, { owner })
  const filed = await reporter.forge.marketplace.reportAbuse({
    id: extension.id,
    category: 'spam',
    text: 'Spam.',
  })
  const into = (await reporter.forge.tickets.create(aTicket('Another matter'))).id
  await desk.agent.forge.tickets.merge({ from: filed.ticketId ?? '', into })
  const decision = { reportId: filed.id, decision: 'dismissed' as const, answer: 'It is none.' }
  await desk.admin.forge.marketplace.decideReport(decision)
  const seen = await reporter.forge.tickets.get({ id: into })
  expect(seen.messages.at(-1)?.body).toBe('It is none.')
  expect(seen.status).toBe('new')
})

test('what somebody asked for waits for nobody once their account is deleted', async () => {
  const person = await signUp(t)
  const { id } = await person.forge.tickets.create(aTicket())
  await desk.agent.forge.tickets.claim({ id })
  await person.forge.users.deleteAccount({ password: person.password })
  expect(await t.drain()).toEqual([])
  expect(await desk.agent.forge.tickets.get({ id })).toMatchObject({
    status: 'solved',
    desk: { waitingSince: null, sla: { nextDueAt: null } },
  })
})
