import { afterAll, beforeAll, expect, test } from 'vitest'
import { obstruct } from '../faults/obstacle.ts'
import { until } from '../faults/until.ts'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, hireAgent, openDesk } from '../support/desk.ts'

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

test('an admin who writes in a ticket, and one who bans the agent that had it, do not wait for each other', async () => {
  const leaving = await hireAgent(t)
  const { id } = await desk.customer.forge.tickets.create(aTicket())
  await leaving.forge.tickets.claim({ id })
  await leaving.forge.tickets.solve({ id })
  // Here the one who writes stops: the message is there, the agent is not asked for yet.
  const search = await obstruct(t.deps.sql, `select from ticket_search where ticket_id = '${id}' for update`)
  const written = desk.admin.forge.tickets.reopen({ id, body: 'Not solved after all' })
  await search.reached()
  const banned = { done: false }
  const ban = desk.admin.forge.admin.ban({ userId: leaving.id, reason: 'left' }).then(() => {
    banned.done = true
  })
  await until('the ban is decided, though an admin writes', () => banned.done)
  await search.clear(false)
  await Promise.all([written, ban])
  expect(await desk.admin.forge.tickets.get({ id })).toMatchObject({
    status: 'open',
    desk: { assignee: null },
  })
  const [row] = await t.deps.sql<{ deadlocks: number }[]>`
    select deadlocks::int from pg_stat_database where datname = current_database()`
  expect(row?.deadlocks).toBe(0)
})
