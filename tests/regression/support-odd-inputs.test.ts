import { collectDiagnostics } from '@devforge/sdk/support'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'
import { failure } from '../support/errors.ts'

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

test('times that no calendar has are refused, and no failure of ours', async () => {
  const { admin, agent } = desk
  const far = new Date(8e15)
  const refused = [
    admin.forge.admin.audit({ from: far }),
    agent.forge.tickets.queue({ createdFrom: far }),
    ...['0001-01-01', '9999-12-31'].flatMap((day) => {
      const range = { from: day, to: day }
      const { analytics } = admin.forge
      return [analytics.overview(range), analytics.revenue(range), analytics.licenses(range)]
    }),
  ]
  expect(await Promise.all(refused.map(failure))).toEqual(refused.map(() => 'INVALID_INPUT'))
})

test('an emoji where a text is cut keeps no ticket from being sent', async () => {
  const diagnostics = collectDiagnostics({
    app: { version: '1' },
    errors: [{ at: new Date(), message: `${'x'.repeat(1_999)}😀`, stack: `${'y '.repeat(4_999)}y😀` }],
    settings: { title: `${'z '.repeat(249)}z😀` },
  })
  const { id } = await desk.customer.forge.tickets.create({ ...aTicket(), diagnostics })
  const seen = (await desk.agent.forge.tickets.get({ id })).desk?.diagnostics
  expect(seen?.errors[0]?.message).toHaveLength(1_999)
})

test('nothing in a message leads to the machine of whoever reads it, or tells that it is read', async () => {
  const body = [
    '[Run](/Applications/Calculator.app) [File](file:///etc/passwd) [Share](//host/share) ![x](/etc/x.png)',
    '[Editor](devforge://auth) [Command](command:x) ![far](https://far.example/x.png) [web](https://web.example)',
  ].join('\n\n')
  const { id } = await desk.customer.forge.tickets.create({ ...aTicket(), body })
  const html = (await desk.agent.forge.tickets.get({ id })).messages[0]?.html ?? ''
  expect([...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address)).toEqual([
    'https://host/share',
    'https://web.example',
  ])
})

test('only jobs that failed are tried again, and none that is not ours', async () => {
  const { admin } = desk
  const id = '00000000-0000-4000-8000-000000000000'
  for (const name of ['support.mail', '__pgboss__send-it', 'made.up'])
    expect(await failure(admin.forge.admin.retryJob({ name, id })), name).toBe('NOT_FOUND')
  await t.deps.jobs.enqueue(t.deps.db, 'support.sweep', {})
  const { items } = await admin.forge.admin.jobs({ name: 'support.sweep' })
  expect(await failure(admin.forge.admin.retryJob({ name: 'support.sweep', id: items[0]?.id ?? '' }))).toBe(
    'NOT_FOUND',
  )
})

test('whatever is searched for finds or finds nothing', async () => {
  const { tickets } = desk.agent.forge
  for (const text of [
    ':*',
    "'",
    '\\',
    '(((',
    '!!',
    'a & ',
    '<->',
    '"',
    'a or',
    '-',
    '%',
    '#0',
    '#99999999999999999999',
    'tkt_',
  ])
    expect((await tickets.search({ text })).items, text).toBeInstanceOf(Array)
})
