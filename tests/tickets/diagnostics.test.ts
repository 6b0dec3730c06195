import { collectDiagnostics, type Diagnostics, redactDiagnostics } from '@devforge/sdk/support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'
import { failure } from '../support/errors.ts'

const DAY = 24 * 60 * 60_000
const TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345'

const given = (): Diagnostics => ({
  app: { version: '1.4.2', commit: 'a'.repeat(40) },
  os: { platform: 'linux', release: '6.1', arch: 'x64' },
  locale: 'de',
  extensions: [{ id: 'ada.tools', version: '1.0.0' }],
  errors: [
    {
      at: new Date('2026-11-20T10:00:00Z'),
      message: `401 for https://ada:hunter22@git.example and Bearer ${TOKEN}`,
      stack: 'Error\n    at load (/home/ada.lovelace/projects/secret.ts:1:1)\n    mail ada@example.com',
    },
  ],
  settings: {
    'editor.fontSize': 14,
    'my.apiKey': 'abcdefgh12345678',
    'proxy.password': 'hunter22',
    zen: true,
  },
})
const SECRETS = [TOKEN, 'hunter22', 'ada.lovelace', 'ada@example.com', 'abcdefgh12345678']

describe('diagnostics', () => {
  let t: TestApp
  let desk: Desk
  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  test('what the SDK shows is what is sent, without secrets, and within what a server takes', async () => {
    const { customer, agent } = desk
    const shown = collectDiagnostics({
      ...given(),
      extensions: Array.from({ length: 400 }, (_, i) => ({ id: `ada.ext${i}`, version: '1.0.0' })),
      errors: Array.from({ length: 30 }, (_, i) => ({
        at: new Date(1_700_000_000_000 + i),
        message: `${i} \0token=${TOKEN} ${'x'.repeat(9_000)}`,
      })),
    })
    expect(shown.extensions).toHaveLength(300)
    expect(shown.errors?.map(({ message }) => message.split(' ')[0])).toEqual(
      Array.from({ length: 20 }, (_, i) => String(i + 10)),
    )
    for (const secret of SECRETS) expect(JSON.stringify(shown)).not.toContain(secret)
    const { id } = await customer.forge.tickets.create({ ...aTicket(), diagnostics: shown })
    const { expiresAt: _, ...seen } = (await agent.forge.tickets.get({ id })).desk?.diagnostics ?? {}
    expect(seen).toEqual(shown)
    // Of its own it finds out where it runs.
    const { os: __, ...rest } = given()
    expect(collectDiagnostics(rest).os).toEqual({ platform: process.platform, arch: process.arch })
    expect(redactDiagnostics(shown)).toEqual(shown)
  })

  test('a client that redacts nothing is redacted here; only agents see it', async () => {
    const { customer, agent } = desk
    const { id } = await customer.forge.tickets.create({
      ...aTicket(),
      diagnostics: {
        ...given(),
        errors: [{ at: new Date(0), message: `esc\u001b[31mtoken=${TOKEN}` }],
      },
    })
    const [row] = await t.deps.sql`select data::text from ticket_diagnostics where ticket_id = ${id}`
    for (const secret of SECRETS) expect(row?.data).not.toContain(secret)
    const seen = (await agent.forge.tickets.get({ id })).desk?.diagnostics
    expect(seen).toMatchObject({
      app: { version: '1.4.2', commit: 'a'.repeat(40) },
      errors: [{ at: new Date(0) }],
      settings: { 'editor.fontSize': 14, zen: true, 'my.apiKey': '[redacted]' },
    })
    const own = await customer.forge.tickets.get({ id })
    expect(own.desk).toBeNull()
    expect(JSON.stringify(own)).not.toContain('1.4.2')
    // Nor can they be found by it.
    const found = await t.deps
      .sql`select 1 from ticket_search where ticket_id = ${id} and document @@ to_tsquery('simple', 'tools')`
    expect(found).toEqual([])
  })

  test.each([
    ['a member that has no place', { ...given(), environment: { PATH: '/' } }],
    ['too many extensions', { ...given(), extensions: Array(301).fill({ id: 'a.b', version: '1' }) }],
    [
      'too many settings',
      { ...given(), settings: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`s${i}`, 1])) },
    ],
    ['a setting that holds others', { ...given(), settings: { a: { b: 1 } } }],
    [
      'a stack without end',
      { ...given(), errors: [{ at: new Date(), message: 'x', stack: 'x'.repeat(10_001) }] },
    ],
  ])('%s is refused', async (_, diagnostics) => {
    const input = { ...aTicket(), diagnostics: diagnostics as Diagnostics }
    expect(await failure(desk.customer.forge.tickets.create(input))).toBe('INVALID_INPUT')
  })

  test('they are kept for 90 days, and the history tells that they are gone', async () => {
    const { customer, agent } = desk
    const { id } = await customer.forge.tickets.create({ ...aTicket(), diagnostics: given() })
    const forget = async () => {
      await t.deps.jobs.enqueue(t.deps.db, 'support.forget', {})
      expect(await t.drain()).toEqual([])
    }
    const rows = () => t.deps.sql`select 1 from ticket_diagnostics where ticket_id = ${id}`
    t.clock.advance(89 * DAY)
    await forget()
    expect(await rows()).toHaveLength(1)
    t.clock.advance(DAY + 1_000)
    await Promise.all(
      [agent, customer].map((person) =>
        person.forge.auth.signIn({ email: person.email, password: person.password }),
      ),
    )
    // Gone when the time is over, whether or not the job has come by.
    expect((await agent.forge.tickets.get({ id })).desk?.diagnostics).toBeNull()
    await forget()
    await forget()
    expect(await rows()).toHaveLength(0)
    const events = await t.deps
      .sql`select actor, is_public from ticket_events where ticket_id = ${id} and type = 'diagnostics.deleted'`
    expect(events).toEqual([{ actor: 'system:support.forget', is_public: true }])
  })
})
