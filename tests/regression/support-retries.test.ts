import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

const open = async (): Promise<string> => (await desk.customer.forge.tickets.create(aTicket())).id
const copiesOf = async (body: string): Promise<number> =>
  (await t.deps.sql`select 1 from ticket_messages where body = ${body}`).length

test('an answer that is tried again after a merge was undone is the one that was given', async () => {
  const { agent, customer } = desk
  const [a, b, c] = [await open(), await open(), await open()]
  await agent.forge.tickets.merge({ from: a, into: b })
  await agent.forge.tickets.merge({ from: b, into: c })
  const answer = { id: a, body: 'said to a, heard in c', idempotencyKey: 'retry-unmerge' }
  const first = await customer.forge.tickets.reply(answer)
  expect(first.ticket.id).toBe(c)
  await agent.forge.tickets.unmerge({ id: b })
  await agent.forge.tickets.unmerge({ id: a })
  const again = await customer.forge.tickets.reply(answer)
  expect(again.message.id).toBe(first.message.id)
  expect(await copiesOf(answer.body)).toBe(1)
  // To another ticket it is another answer.
  const other = { ...answer, id: await open() }
  await expect(customer.forge.tickets.reply(other)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
})

test('a note, a macro and a bulk answer that are tried again after a merge are not written twice', async () => {
  const { agent } = desk
  const [from, into] = [await open(), await open()]
  const note = { id: from, body: 'a note of before', idempotencyKey: 'retry-note' }
  const first = await agent.forge.tickets.note(note)
  const macro = await agent.forge.tickets.saveMacro({ name: 'Said', body: 'said by macro', actions: {} })
  const all = {
    ids: [from],
    action: { type: 'macro' as const, macroId: macro.id },
    idempotencyKey: 'retry-bulk',
  }
  expect((await agent.forge.tickets.bulk(all)).results).toMatchObject([{ ok: true }])
  await agent.forge.tickets.merge({ from, into })
  expect((await agent.forge.tickets.note(note)).message.id).toBe(first.message.id)
  expect((await agent.forge.tickets.bulk(all)).results).toMatchObject([{ ok: true, code: null }])
  expect([await copiesOf(note.body), await copiesOf('said by macro')]).toEqual([1, 1])
})

test('what was split off is still the answer to a call that is tried again', async () => {
  const { agent, customer } = desk
  const id = await open()
  const answer = { id, body: 'another matter altogether', idempotencyKey: 'retry-split' }
  const { message } = await customer.forge.tickets.reply(answer)
  await agent.forge.tickets.split({ id, messageIds: [message.id], subject: 'Another matter' })
  expect((await customer.forge.tickets.reply(answer)).message.id).toBe(message.id)
  expect(await copiesOf(answer.body)).toBe(1)
})

test('two who wait for each other in the database are both served: the one that gives way is run again, whole', async () => {
  const [a, b] = [await open(), await open()]
  const [first = '', second = ''] = [a, b].sort()
  const gate = Promise.withResolvers<void>()
  // Somebody who locks in the other order: the house's own code does not.
  const rival = t.deps.sql.begin(async (sql) => {
    await sql`select from tickets where id = ${second} for update`
    gate.resolve()
    await new Promise((resolve) => setTimeout(resolve, 300))
    await sql`set local deadlock_timeout = '20s'`
    await sql`select from tickets where id = ${first} for update`
  })
  await gate.promise
  const mailsBefore = (await t.deps.sql`select 1 from outbox`).length
  const merged = desk.agent.forge.tickets.merge({ from: a, into: b })
  await Promise.all([rival, merged])
  const [row] = await t.deps.sql<{ deadlocks: number }[]>`
    select deadlocks::int from pg_stat_database where datname = current_database()`
  expect(row?.deadlocks).toBeGreaterThan(0)
  expect(await desk.agent.forge.tickets.get({ id: a })).toMatchObject({ status: 'closed', mergedIntoId: b })
  const events = await t.deps
    .sql`select type from ticket_events where ticket_id = ${a} and type = 'ticket.merged'`
  expect(events).toHaveLength(1)
  expect((await t.deps.sql`select 1 from outbox`).length).toBe(mailsBefore)
})
