import { expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, openDesk } from '../support/desk.ts'
import { failure } from '../support/errors.ts'
import { type Person, signUp } from '../support/people.ts'
import { DAY, dayFromNow, runJob } from './support.ts'

const HOUR = 3_600_000

async function again(t: TestApp, person: Person): Promise<Person> {
  const forge = t.forge()
  await forge.auth.signIn({ email: person.email, password: person.password })
  return { ...person, forge }
}

test('tickets: what came and was solved, what waits, how long people waited, ratings', async () => {
  await using t = await createTestApp()
  // A Monday morning, so that all of it is one day's business.
  t.clock.set(new Date('2031-06-02T08:00:00Z'))
  await t.deps.sql`update business_calendars set time_zone = 'UTC'`
  let { customer, agent, admin } = await openDesk(t)
  const open = (subject: string) => customer.forge.tickets.create(aTicket(subject))
  const [first, second] = [await open('first'), await open('second')]
  await open('third')
  t.clock.advance(2 * HOUR)
  ;[customer, agent, admin] = [await again(t, customer), await again(t, agent), await again(t, admin)]
  await agent.forge.tickets.reply({ id: first.id, body: 'Which version?', status: 'pending' })
  t.clock.advance(2 * HOUR)
  ;[customer, agent, admin] = [await again(t, customer), await again(t, agent), await again(t, admin)]
  const answered = await agent.forge.tickets.reply({ id: second.id, body: 'Update.' })
  await agent.forge.tickets.transition({
    id: second.id,
    to: 'solved',
    version: answered.ticket.version,
  })
  await customer.forge.tickets.rate({ id: second.id, score: 2 })
  await customer.forge.tickets.rate({ id: second.id, score: 4 })
  await t.deps.sql`insert into sla_breaches (ticket_id, metric, cycle, due_at, at)
    values (${first.id}, 'next_response', 7, now(), ${t.clock.now().toISOString()})`
  await t.deps
    .sql`insert into articles (id, slug, locale, created_by) values ('art_x', 'x', 'en', ${agent.id})`
  await t.deps.sql`insert into article_deflections (id, article_id, user_id, day, at)
    values ('dfl_1', 'art_x', ${customer.id}, ${dayFromNow(t)}, ${t.clock.now().toISOString()})`
  await runJob(t, 'analytics.rollUp')
  await Promise.all([runJob(t, 'analytics.rollUp'), runJob(t, 'analytics.rollUp')])
  const range = { from: dayFromNow(t), to: dayFromNow(t) }
  const report = await admin.forge.analytics.support(range)
  const totals = { created: 3, solved: 1, reopened: 0, closed: 0, ratings: 1, deflected: 1 }
  expect(report.totals).toMatchObject(totals)
  expect(report.series).toMatchObject([{ day: range.from, ...totals }])
  expect(report.previous.totals.created).toBe(0)
  expect(report.backlog).toEqual({ new: 1, open: 0, pending: 1, on_hold: 0 })
  expect(report.backlogSeries).toEqual([{ day: range.from, new: 1, open: 0, pending: 1, on_hold: 0 }])
  expect(report.breaches.next_response).toBeGreaterThanOrEqual(1)
  expect(report.firstResponse.current.count).toBe(2)
  expect(report.firstResponse.current.medianMinutes).toBeCloseTo(180, 0)
  expect(report.firstResponse.current.p90Minutes).toBeCloseTo(228, 0)
  expect(report.firstResponse.previous).toMatchObject({ count: 0, medianMinutes: null })
  expect(report.resolution.current).toMatchObject({ count: 1 })
  expect(report.resolution.current.medianMinutes).toBeCloseTo(240, 0)
  // The desk opens at nine: an hour of the wait was nobody's.
  const { businessMedianMinutes } = report.firstResponse.current
  expect(businessMedianMinutes).toBeLessThan(report.firstResponse.current.medianMinutes ?? 0)
  expect(businessMedianMinutes).toBeGreaterThan(60)
  expect(report.satisfaction.current).toEqual({ ratings: 1, averageScore: 4, scores: [0, 0, 0, 1, 0] })
  expect(report.satisfaction.previous.averageScore).toBeNull()

  t.clock.advance(DAY)
  ;[customer, admin] = [await again(t, customer), await again(t, admin)]
  await customer.forge.tickets.reply({ id: second.id, body: 'It came back.' })
  await runJob(t, 'analytics.rollUp')
  const next = { from: dayFromNow(t), to: dayFromNow(t) }
  const later = await admin.forge.analytics.support(next)
  expect(later.totals).toMatchObject({ created: 0, reopened: 1 })
  expect(later.previous.totals).toMatchObject(totals)
  expect(later.satisfaction.previous.averageScore).toBe(4)
  // Answered it was yesterday, solved it is not any more.
  expect(later.firstResponse.previous).toEqual(report.firstResponse.current)
  expect(later.resolution.previous).toMatchObject({ count: 0, medianMinutes: null })
  const overview = await admin.forge.analytics.overview(range)
  expect(overview.totals).toMatchObject({ ticketsCreated: 3, ticketsSolved: 1 })
  const { csv } = await admin.forge.analytics.exportCsv({ report: 'support', ...range })
  expect(csv).toContain(`\r\n${range.from},3,1,0,0,`)
  expect(await failure((await again(t, agent)).forge.analytics.support(range))).toBe('FORBIDDEN')
  expect(await failure((await signUp(t)).forge.analytics.support(range))).toBe('FORBIDDEN')
}, 120_000)
