import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../../support/app.ts'
import { aTicket, type Desk, openDesk } from '../../support/desk.ts'
import { breachesOf, clocksOf, DAY, eventsOf, HOUR, near, nextMonday } from './support.ts'

const nineToFive = [{ from: 540, to: 1020 }]
const week = [nineToFive, nineToFive, nineToFive, nineToFive, nineToFive, [], []]

describe('what admins promise', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    nextMonday(t)
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const open = async () => (await desk.customer.forge.tickets.create(aTicket())).id
  const admin = () => desk.admin.forge.admin
  const office = { name: 'Berlin', timeZone: 'Europe/Berlin', hours: week, holidays: [] }
  const freeNormal = {
    plan: 'free' as const,
    priority: 'normal' as const,
    calendarId: 'cal_office',
    firstResponseMinutes: 1440,
    nextResponseMinutes: 1440,
    resolutionMinutes: null,
  }

  test('a fresh installation promises something to every plan and priority, and enterprise help around the clock', async () => {
    const { items } = await admin().slaPolicies()
    expect(new Set(items.map(({ plan, priority }) => `${plan} ${priority}`)).size).toBe(12)
    for (const { firstResponseMinutes, nextResponseMinutes } of items)
      expect([firstResponseMinutes, nextResponseMinutes]).not.toContain(null)
    const { items: calendars } = await admin().calendars()
    const always = calendars.find(({ name }) => name === 'Around the clock')
    const urgent = items.find(({ plan, priority }) => plan === 'enterprise' && priority === 'urgent')
    expect(urgent?.calendarId).toBe(always?.id)
    expect(calendars.find(({ id }) => id === 'cal_office')).toMatchObject({ timeZone: 'UTC', hours: week })
  })

  test('another policy counts running promises anew, and is written down', async () => {
    const monday = nextMonday(t)
    const [running, answered, late] = [await open(), await open(), await open()]
    await desk.agent.forge.tickets.reply({ id: answered, body: 'Try this.' })
    t.clock.advance(2 * HOUR)
    const version = (await desk.agent.forge.tickets.get({ id: running })).version
    await admin().setSlaPolicy({ ...freeNormal, firstResponseMinutes: 180, reason: 'faster' })
    expect(await t.drain()).toEqual([])
    const { firstResponseDueAt } = await clocksOf(desk.agent, running)
    expect(near(firstResponseDueAt)).toBe(near(new Date(monday.getTime() + 3 * HOUR)))
    expect((await desk.agent.forge.tickets.get({ id: running })).version).toBe(version)
    expect((await clocksOf(desk.agent, answered)).first?.state).toBe('met')

    t.clock.advance(2 * HOUR)
    await admin().setSlaPolicy({ ...freeNormal, firstResponseMinutes: 1440 })
    expect(await t.drain()).toEqual([])
    // Broken while the other one counted, although nobody looked: that stays.
    expect(await breachesOf(t, late)).toHaveLength(1)
    await admin().setSlaPolicy({ ...freeNormal, firstResponseMinutes: 60 })
    expect(await t.drain()).toEqual([])
    expect(await breachesOf(t, late)).toHaveLength(1)
    expect(await eventsOf(t, late, 'sla.breached')).toHaveLength(1)
    expect(await breachesOf(t, answered)).toEqual([])
    await admin().setSlaPolicy(freeNormal)
    const { items } = await admin().audit({ action: 'sla_policy.set' })
    expect(items.at(-1)).toMatchObject({
      actor: `admin:${desk.admin.id}`,
      reason: 'faster',
      before: { firstResponseMinutes: 1440 },
      after: { firstResponseMinutes: 180, plan: 'free', priority: 'normal' },
    })
  })

  test('a promise can be taken away', async () => {
    nextMonday(t)
    const id = await open()
    await admin().setSlaPolicy({ ...freeNormal, firstResponseMinutes: null, nextResponseMinutes: null })
    expect(await t.drain()).toEqual([])
    expect(await clocksOf(desk.agent, id)).toMatchObject({
      nextDueAt: null,
      first: { state: 'none', remainingMs: null },
    })
    await admin().setSlaPolicy(freeNormal)
    expect(await t.drain()).toEqual([])
    expect((await clocksOf(desk.agent, id)).first?.state).toBe('running')
  })

  test('more tickets than a job takes are counted anew, and closed ones are left alone', {
    timeout: 120_000,
  }, async () => {
    const monday = nextMonday(t)
    const at = monday.toISOString()
    await t.deps.sql`
      insert into tickets (id, requester_id, subject, category, source, queue_id, priority, status, closed_at, status_changed_at, created_at)
      select 'tkt_many_' || n, ${desk.customer.id}, 'Many', 'bug', 'api', 'que_general', 'high',
        (case when n > 520 then 'closed' else 'open' end)::ticket_status, case when n > 520 then ${at}::timestamptz end, ${at}::timestamptz, ${at}::timestamptz
      from generate_series(1, 530) n`
    await admin().setSlaPolicy({ ...freeNormal, priority: 'high', firstResponseMinutes: 120 })
    expect(await t.drain()).toEqual([])
    const due = new Date(monday.getTime() + 2 * HOUR).toISOString()
    const [row] = await t.deps.sql`
      select count(*) filter (where first_response_due_at = ${due}::timestamptz)::int as due, count(*) filter (where sla is null)::int as untouched
      from tickets where id like 'tkt_many_%'`
    expect(row).toEqual({ due: 520, untouched: 10 })
    await t.deps.sql`update tickets set status = 'closed', closed_at = now() where id like 'tkt_many_%'`
  })

  test('business hours, their zone and holidays count', async () => {
    const monday = nextMonday(t)
    const id = await open()
    const wednesday = new Date(monday.getTime() + 2 * DAY).toISOString().slice(0, 10)
    const before = (await clocksOf(desk.agent, id)).firstResponseDueAt
    expect(near(before)).toBe(near(new Date(monday.getTime() + 3 * DAY)))
    const { items } = await admin().calendars()
    const seeded = items.find((calendar) => calendar.id === 'cal_office')
    const calendar = { id: 'cal_office', name: seeded?.name ?? '', timeZone: 'UTC', hours: week }
    await admin().setCalendar({ ...calendar, holidays: [{ date: wednesday, name: 'Founders’ day' }] })
    expect(await t.drain()).toEqual([])
    expect(near((await clocksOf(desk.agent, id)).firstResponseDueAt)).toBe(
      near(new Date(monday.getTime() + 4 * DAY)),
    )
    const until = [{ from: 540, to: 720 }]
    await admin().setCalendar({
      ...calendar,
      holidays: [{ date: wednesday, name: 'Half a day', hours: until }],
    })
    expect(await t.drain()).toEqual([])
    expect(near((await clocksOf(desk.agent, id)).firstResponseDueAt)).toBe(
      near(new Date(monday.getTime() + 3 * DAY + 5 * HOUR)),
    )
    await admin().setCalendar({ ...calendar, holidays: [] })
    const changes = (await admin().audit({ action: 'calendar.changed', subject: 'cal_office' })).items
    expect(changes).toHaveLength(3)
    expect(changes.at(-1)?.after).toMatchObject({ holidays: [{ date: wednesday }] })
  })

  test('a calendar of one’s own is made, changed, and used', async () => {
    const made = await admin().setCalendar(office)
    expect(made).toMatchObject({ name: 'Berlin', timeZone: 'Europe/Berlin' })
    const again = await admin().setCalendar({ ...office, id: made.id, name: 'Berlin office' })
    expect(again).toMatchObject({ id: made.id, name: 'Berlin office' })
    await expect(admin().setCalendar({ ...office, name: 'Berlin office' })).rejects.toMatchObject({
      code: 'CALENDAR_EXISTS',
    })
    await admin().setSlaPolicy({ ...freeNormal, priority: 'low', calendarId: made.id })
    const { items } = await admin().slaPolicies()
    expect(items.find(({ plan, priority }) => plan === 'free' && priority === 'low')?.calendarId).toBe(
      made.id,
    )
  })

  test.each([
    ['a zone that does not exist', { timeZone: 'Europe/Atlantis' }],
    ['an offset for a zone', { timeZone: '+02:00' }],
    ['a week that never opens', { hours: [[], [], [], [], [], [], []] }],
    ['six days', { hours: week.slice(1) }],
    ['an interval that ends before it begins', { hours: [[{ from: 600, to: 540 }], ...week.slice(1)] }],
    ['a date that does not exist', { holidays: [{ date: '2027-02-30', name: 'x' }] }],
    [
      'a holiday beyond its day',
      { holidays: [{ date: '2027-02-03', name: 'x', hours: [{ from: 1000, to: 2000 }] }] },
    ],
    ['no name', { name: ' ' }],
  ])('%s is refused', async (_, change) => {
    await expect(admin().setCalendar({ ...office, name: 'Another', ...change })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
  })

  test('a promise that would take years in its hours is refused, from either side', async () => {
    const rare = [[{ from: 0, to: 1 }], [], [], [], [], [], []]
    const calendar = await admin().setCalendar({ ...office, name: 'Rare', hours: rare })
    const policy = { ...freeNormal, calendarId: calendar.id, firstResponseMinutes: 500 }
    await expect(admin().setSlaPolicy(policy)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(
      admin().setSlaPolicy({ ...policy, firstResponseMinutes: null, resolutionMinutes: 500_000 }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(
      admin().setCalendar({
        id: 'cal_office',
        name: 'Office hours',
        timeZone: 'UTC',
        hours: rare,
        holidays: [],
      }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('what is not there is not found', async () => {
    await expect(admin().setCalendar({ ...office, name: 'New', id: 'cal_none' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    await expect(admin().setSlaPolicy({ ...freeNormal, calendarId: 'cal_none' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    await expect(admin().setSlaPolicy({ ...freeNormal, firstResponseMinutes: 0 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
  })

  test('agents and customers may not look, nor change', async () => {
    for (const { forge } of [desk.agent, desk.customer]) {
      await expect(forge.admin.slaPolicies()).rejects.toMatchObject({ code: 'FORBIDDEN' })
      await expect(forge.admin.calendars()).rejects.toMatchObject({ code: 'FORBIDDEN' })
      await expect(forge.admin.setSlaPolicy(freeNormal)).rejects.toMatchObject({ code: 'FORBIDDEN' })
      await expect(forge.admin.setCalendar(office)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    }
  })
})
