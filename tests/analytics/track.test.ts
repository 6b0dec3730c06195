import { randomUUID } from 'node:crypto'
import { limitRules } from '@devforge/server/limits'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { fingerprint } from '../support/licenses.ts'
import { signUp } from '../support/people.ts'
import { event, newClient } from './support.ts'

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(() => t[Symbol.asyncDispose]())
beforeEach(() => t.deps.sql`delete from analytics_events`)

const count = async (): Promise<number> => {
  const [row] = await t.deps.sql`select count(*)::int as count from analytics_events`
  return Number(row?.count)
}
const track = (input: unknown) => t.forge().analytics.track(input as never)

describe('a batch', () => {
  test('is taken once, however often it is sent; others are not held up by it', async () => {
    const clientId = newClient()
    const events = [
      event(t, 'editor.opened', { platform: 'linux-x64' }),
      event(t, 'file.saved', { lines: 12 }),
    ]
    expect(await track({ clientId, events })).toEqual({ accepted: 2, duplicates: 0, refused: [] })
    expect(await track({ clientId, events })).toEqual({ accepted: 0, duplicates: 2, refused: [] })
    const more = [...events, event(t, 'editor.closed')]
    expect(await track({ clientId, events: more })).toEqual({ accepted: 1, duplicates: 2, refused: [] })
    // The same id of another client is another event: nobody can take away what others tell.
    expect(await track({ clientId: newClient(), events })).toMatchObject({ accepted: 2 })
    expect(await count()).toBe(5)
  })

  test('sent 20 times in parallel, with others that overlap in another order, counts once', async () => {
    const clientId = newClient()
    const events = Array.from({ length: 50 }, (_, n) => event(t, 'editor.typed', { n }))
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        track({ clientId, events: n % 2 === 0 ? events : events.toReversed() }),
      ),
    )
    expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(50)
    expect(answers.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(19 * 50)
    expect(await count()).toBe(50)
  })

  test('an id that stands in it twice is one event', async () => {
    const id = randomUUID()
    const events = [event(t, 'editor.opened', {}, { id }), event(t, 'editor.opened', {}, { id })]
    expect(await track({ clientId: newClient(), events })).toMatchObject({ accepted: 1, duplicates: 1 })
  })

  test('a wrong clock costs its events, not the others', async () => {
    const [old, future, fine] = [
      event(t, 'editor.opened', {}, { days: 30.1 }),
      event(t, 'editor.opened', {}, { days: -6 / 1440 }),
      event(t, 'editor.opened', {}, { days: 29.9 }),
    ]
    const soon = event(t, 'editor.opened', {}, { days: -4 / 1440 })
    expect(await track({ clientId: newClient(), events: [old, future, fine, soon] })).toEqual({
      accepted: 2,
      duplicates: 0,
      refused: [
        { id: old.id, reason: 'too_old' },
        { id: future.id, reason: 'in_future' },
      ],
    })
  })

  test('needs no account, and goes by REST, too', async () => {
    const { id, name, at, properties } = event(t, 'editor.opened', { dirty: false })
    const answer = await t.fetch(`${TEST_URL}/api/v1/analytics/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        clientId: newClient(),
        events: [{ id, name, at: at.toISOString(), properties }],
      }),
    })
    expect(await answer.json()).toEqual({ accepted: 1, duplicates: 0, refused: [] })
  })
})

describe('refused', () => {
  const good = () => ({ clientId: newClient(), events: [event(t, 'editor.opened')] })
  const withEvent = (values: object) => ({ ...good(), events: [{ ...event(t, 'editor.opened'), ...values }] })

  test.each<[string, () => unknown]>([
    ['no events', () => ({ ...good(), events: [] })],
    ['too many', () => ({ ...good(), events: Array.from({ length: 51 }, () => event(t, 'editor.opened')) })],
    ['a client without an id', () => ({ events: good().events })],
    ['a client by its mail address', () => ({ ...good(), clientId: 'ada.lovelace@example.com' })],
    ['a short client id', () => ({ ...good(), clientId: 'ada' })],
    ['a member that nobody knows', () => ({ ...good(), userId: 'usr_1' })],
    ['an event without an id', () => withEvent({ id: undefined })],
    ['an id that is none', () => withEvent({ id: 'one' })],
    ['a name without an area', () => withEvent({ name: 'opened' })],
    ['a name with spaces', () => withEvent({ name: 'editor.opened by ada' })],
    ['a long name', () => withEvent({ name: `editor.${'a'.repeat(64)}` })],
    ['a time that is none', () => withEvent({ at: 'yesterday' })],
    ['properties that are not flat', () => withEvent({ properties: { a: { b: 1 } } })],
    ['a list as a property', () => withEvent({ properties: { a: ['x'] } })],
    ['null as a property', () => withEvent({ properties: { a: null } })],
    ['a long text', () => withEvent({ properties: { a: 'x'.repeat(201) } })],
    ['a number that is none', () => withEvent({ properties: { a: Number.POSITIVE_INFINITY } })],
    ['control characters', () => withEvent({ properties: { a: 'x\u0000y' } })],
    ['half a character', () => withEvent({ properties: { a: '\ud800' } })],
    ['a property with a strange name', () => withEvent({ properties: { 'ada@example.com': 1 } })],
    [
      'too many properties',
      () => withEvent({ properties: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`p${n}`, n])) }),
    ],
  ])('%s', async (_, input) => {
    expect(await failure(track(input()))).toBe('INVALID_INPUT')
    expect(await count()).toBe(0)
  })

  test('a client, or a network, that sends too much; others go on', async () => {
    await using own = await createTestApp()
    const clientId = newClient()
    const send = (client = clientId) =>
      own.forge({ retries: 0 }).analytics.track({ clientId: client, events: [event(own, 'editor.opened')] })
    const { points } = limitRules['analytics:client']
    for (let sent = 0; sent < points; sent += 40) await Promise.all(Array.from({ length: 40 }, () => send()))
    await expect(send()).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) })
    expect(await send(newClient())).toMatchObject({ accepted: 1 })
    await own.deps
      .sql`update rate_limits set points = ${limitRules['analytics:ip'].points} where key like 'analytics:ip%'`
    expect(await failure(send(newClient()))).toBe('RATE_LIMITED')
  })
})

describe('privacy', () => {
  const SECRETS = {
    mail: 'ada.unmistakable@example.com',
    mailInside: 'asked by ada.unmistakable@example.com, twice',
    home: '/home/unmistakable/project/x.ts',
    windows: 'C:\\Users\\unmistakable\\x.ts',
    relative: 'src/unmistakable.ts',
    absolute: '/srv/unmistakable',
    tilde: '~/unmistakable',
    web: 'https://example.com/unmistakable?x=1',
    token: 'dfp_unmistakable1234567890',
    bearer: 'Bearer unmistakable1234567890',
    jwt: 'eyJunmistakable.eyJunmistakable.unmistakable',
    licenseKey: 'DF-UNM1S-TAKAB-1EUNM-1STAK-AB1E0',
    address: '192.168.77.123',
    addressInside: 'connected to 192.168.77.123',
    address6: '2001:db8:77::123',
    password: 'password=unmistakable',
  }
  const TRACES = /unmistakable|UNM1S|192\.168\.77|2001:db8:77/i

  test('nothing that names people, files, machines or tokens reaches any table', async () => {
    await using own = await createTestApp()
    const clientId = newClient()
    const forge = own.forge()
    await forge.analytics.track({
      clientId,
      events: [
        event(own, 'editor.opened', SECRETS),
        event(own, 'editor.opened', { dfp_unmistakable1234567890: true, platform: 'linux/x64' }),
      ],
    })
    const refused = await forge.analytics.track({
      clientId,
      events: [event(own, 'editor.dfp_unmistakable1234567890')],
    })
    expect(refused).toMatchObject({ accepted: 0, refused: [{ reason: 'name' }] })
    await own.deps.jobs.enqueue(own.deps.db, 'analytics.rollUp', {})
    expect(await own.drain()).toEqual([])
    const found = await grep(own, `${TRACES.source}|${clientId}|127\\.0\\.0\\.1`)
    expect(found).toEqual([])
    const rows = await own.deps
      .sql`select properties from analytics_events order by properties -> 'platform' nulls first`
    expect(Object.keys(rows[0]?.properties).sort()).toEqual(Object.keys(SECRETS).sort())
    expect(rows[1]?.properties).toEqual({ platform: 'linux/x64' })
  })

  test('what is harmless stays as it is', async () => {
    const harmless = {
      platform: 'linux-x64',
      appVersion: '1.42.0-insider',
      chrome: '142.0.7444.52',
      locale: 'de-DE',
      command: 'workbench.action.terminal.toggleTerminal',
      mime: 'text/markdown',
      engine: 'node/24.1',
      extension: 'acme.tools',
      commit: '0ee08df0cf4527e40edc9aa28f4b5bd38bbff2b2',
      lines: 1234.5,
      dirty: false,
    }
    await track({ clientId: newClient(), events: [event(t, 'editor.opened', harmless)] })
    const [row] = await t.deps.sql`select properties from analytics_events`
    expect(row?.properties).toEqual(harmless)
  })

  test('a deleted account leaves nothing: no event says whose it was', async () => {
    await using own = await createTestApp()
    const ada = await signUp(own)
    await ada.forge.licenses.startTrial({ fingerprint: fingerprint() })
    const clientId = newClient()
    await ada.forge.analytics.track({ clientId, events: [event(own, 'editor.opened', { who: ada.email })] })
    const before = await own.deps.sql`select * from analytics_events`
    await ada.forge.users.deleteAccount({ password: ada.password })
    expect(await own.drain()).toEqual([])
    expect(JSON.stringify(before)).not.toContain(ada.id)
    const columns = await own.deps.sql`select column_name from information_schema.columns
      where table_name like 'analytics%' and column_name ~ 'user|account|ip|session|mail'`
    expect(columns).toHaveLength(0)
    const rows = await own.deps.sql`select row_to_json(e)::text as row from analytics_events e`
    expect(rows).toHaveLength(1)
    expect(rows[0]?.row).not.toMatch(new RegExp(`${ada.id}|${ada.email}`))
  })
})

/** Rows of whatever table that a pattern is found in; the audit log and sessions of people know addresses, and are not asked. */
async function grep(own: TestApp, pattern: string): Promise<string[]> {
  const tables = await own.deps.sql`
    select table_schema, table_name from information_schema.tables
    where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`
  const found: string[] = []
  for (const { table_schema, table_name } of tables) {
    const rows = await own.deps.sql.unsafe(
      `select row_to_json(r)::text as row from "${table_schema}"."${table_name}" r where row_to_json(r)::text ~* $1`,
      [pattern],
    )
    for (const { row } of rows) found.push(`${table_name}: ${row}`)
  }
  return found
}
