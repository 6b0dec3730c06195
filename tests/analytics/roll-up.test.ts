import { expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'
import { DAY, dayFromNow, event, newClient, runJob, today } from './support.ts'

const track = (t: TestApp, clientId: string, events: ReturnType<typeof event>[]) =>
  t.forge().analytics.track({ clientId, events })

test('events are counted by day, name and a few properties; clients once', async () => {
  await using t = await createTestApp()
  const admin = await signUp(t, { role: 'admin' })
  const [ada, bob] = [newClient(), newClient()]
  await track(t, ada, [
    event(t, 'editor.opened', { platform: 'linux-x64', appVersion: '1.2.0', secretKind: 'x' }),
    event(t, 'editor.opened', { platform: 'linux-x64', appVersion: '1.2.0' }),
    event(t, 'file.saved', { platform: 'linux-x64' }),
    event(t, 'file.saved', { platform: 'linux-x64' }, { days: 1 }),
  ])
  await track(t, bob, [event(t, 'editor.opened', { platform: 'darwin-arm64', appVersion: '1.3.0' })])
  await runJob(t, 'analytics.rollUp')
  const range = { from: dayFromNow(t, -1), to: dayFromNow(t) }
  const { usage } = await admin.forge.analytics.overview(range)
  expect(usage.series).toEqual([
    { day: range.from, events: 1, clients: 1 },
    { day: range.to, events: 4, clients: 2 },
  ])
  expect(usage.events).toBe(5)
  expect(usage.names).toEqual([
    { name: 'editor.opened', events: 3, clients: 2 },
    { name: 'file.saved', events: 2, clients: 1 },
  ])
  expect(usage.platforms).toEqual([
    { value: 'linux-x64', events: 4, clients: 1 },
    { value: 'darwin-arm64', events: 1, clients: 1 },
  ])
  expect(usage.appVersions.map(({ value, events }) => [value, events])).toEqual([
    ['1.2.0', 2],
    ['1.3.0', 1],
  ])
  expect(usage.locales).toEqual([])
  expect(usage.asOf?.getTime()).toBeGreaterThan(t.clock.now().getTime() - 60_000)
  const kinds = await t.deps.sql`select distinct property from analytics_event_days order by 1`
  expect(kinds.map(({ property }) => property)).toEqual(['', 'appVersion', 'platform'])
})

test('a late event is counted on its day; one that comes again changes nothing; two runs at once count once', async () => {
  await using t = await createTestApp()
  const admin = await signUp(t, { role: 'admin' })
  const client = newClient()
  const first = event(t, 'editor.opened', { platform: 'linux-x64' }, { days: 20 })
  await track(t, client, [first])
  await runJob(t, 'analytics.rollUp')
  t.clock.advance(6 * 3_600_000)
  const late = event(t, 'editor.opened', { platform: 'linux-x64' }, { days: 20 })
  await track(t, client, [late, first])
  await Promise.all([runJob(t, 'analytics.rollUp'), runJob(t, 'analytics.rollUp')])
  await runJob(t, 'analytics.rollUp')
  const forge = t.forge()
  await forge.auth.signIn({ email: admin.email, password: admin.password })
  const range = { from: dayFromNow(t, -25), to: dayFromNow(t) }
  const { usage } = await forge.analytics.overview(range)
  expect(usage.events).toBe(2)
  expect(usage.series.filter(({ events }) => events > 0).length).toBeLessThanOrEqual(2)
  expect(usage.platforms).toEqual([{ value: 'linux-x64', events: 2, clients: 1 }])
})

test('made-up names and values do not make rows without end', async () => {
  await using t = await createTestApp()
  const client = newClient()
  for (let batch = 0; batch < 11; batch++) {
    const events = Array.from({ length: 50 }, (_, n) =>
      event(t, `made.up${batch * 50 + n}`, { platform: `p${batch * 50 + n}` }),
    )
    await track(t, client, events)
  }
  for (let n = 0; n < 5; n++)
    await track(t, newClient(), [event(t, 'editor.opened', { platform: 'linux-x64' })])
  await runJob(t, 'analytics.rollUp')
  const [names] = await t.deps
    .sql`select count(*)::int as count, sum(events)::int as events from analytics_event_days
    where name <> '' and property = ''`
  expect(names).toEqual({ count: 501, events: 555 })
  const [other] = await t.deps
    .sql`select events, clients from analytics_event_days where name = '(other)' and property = ''`
  expect(other).toEqual({ events: 51, clients: 1 })
  const [opened] = await t.deps
    .sql`select events, clients from analytics_event_days where name = 'editor.opened' and property = ''`
  expect(opened).toEqual({ events: 5, clients: 5 })
  const values = await t.deps.sql`select value, events from analytics_event_days
    where name = '' and property = 'platform' order by events desc`
  expect(values).toHaveLength(21)
  expect(values[1]).toEqual({ value: 'linux-x64', events: 5 })
})

test('events go when their day is too old, and what was counted stays', async () => {
  await using t = await createTestApp()
  const client = newClient()
  const old = event(t, 'editor.opened')
  await track(t, client, [old])
  await runJob(t, 'analytics.rollUp')
  t.clock.advance(29 * DAY)
  await track(t, client, [event(t, 'editor.opened')])
  await runJob(t, 'analytics.nightly')
  const count = async (table: string) => {
    const [row] = await t.deps.sql.unsafe(`select count(*)::int as count from ${table}`)
    return row?.count
  }
  expect(await count('analytics_events')).toBe(2)
  t.clock.advance(4 * DAY)
  await runJob(t, 'analytics.nightly')
  expect(await count('analytics_events')).toBe(1)
  // It could not be counted a second time: it is too old to be taken.
  expect(await track(t, client, [old])).toMatchObject({ accepted: 0, refused: [{ reason: 'too_old' }] })
  await runJob(t, 'analytics.rollUp')
  const [kept] = await t.deps
    .sql`select sum(events)::int as events from analytics_event_days where name = '' and property = ''`
  expect(kept?.events).toBe(2)
})

test('before anything was counted a report says so; afterwards when', async () => {
  await using t = await createTestApp()
  const admin = await signUp(t, { role: 'admin' })
  const empty = await admin.forge.analytics.licenses(today(t))
  expect(empty).toMatchObject({ asOf: null, totals: { issued: 0 }, stock: [] })
  await runJob(t, 'analytics.rollUp')
  expect((await admin.forge.analytics.licenses(today(t))).asOf).toBeInstanceOf(Date)
})
