import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, hireAgent, openDesk } from '../support/desk.ts'

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

const streams = async (open: number): Promise<void> => {
  while (t.deps.realtime.openStreams !== open) await new Promise((resolve) => setTimeout(resolve, 5))
}
/** As a client asks that comes back. */
const resumed = (scope: { id?: string }, place: number) => ({ ...scope, lastEventId: String(place) })
const newest = async (): Promise<number> => {
  const [row] = await t.deps.sql<{ last: number }[]>`select max(sequence)::int as last from ticket_events`
  return row?.last ?? Number.NaN
}

test('whoever is an agent no more hears no note any more, also in a stream that was opened before', async () => {
  const { id } = await desk.customer.forge.tickets.create(aTicket())
  for (const scope of [{ id }, {}]) {
    const agent = await hireAgent(t)
    const heard: string[] = []
    await streams(0)
    const listening = (async () => {
      for await (const { message } of agent.forge.tickets.onUpdate(scope)) heard.push(message?.body ?? '')
    })().catch((error: unknown) => error)
    await streams(1)
    await desk.agent.forge.tickets.note({ id, body: 'before' })
    while (!heard.includes('before')) await new Promise((resolve) => setTimeout(resolve, 5))
    await desk.admin.forge.admin.setRole({ userId: agent.id, role: 'customer', reason: 'left' })
    await desk.agent.forge.tickets.note({ id, body: 'after' })
    expect(await listening).toMatchObject({ code: 'FORBIDDEN' })
    expect(heard).not.toContain('after')
  }
})

test('agents hear of their own tickets what customers do, also in the stream over all', async () => {
  const agent = await hireAgent(t)
  const own = await agent.forge.tickets.create(aTicket())
  const other = await desk.customer.forge.tickets.create(aTicket())
  const heard: { ticketId: string; body: string | undefined; after: unknown }[] = []
  await streams(0)
  const listening = (async () => {
    for await (const { ticketId, message, after } of agent.forge.tickets.onUpdate({})) {
      heard.push({ ticketId, body: message?.body, after })
      if (message?.body === 'last') break
    }
  })()
  await streams(1)
  const { tickets } = desk.agent.forge
  await tickets.note({ id: own.id, body: 'what we think of you' })
  await tickets.note({ id: other.id, body: 'what we think of them' })
  await tickets.claim({ id: own.id })
  await tickets.reply({ id: own.id, body: 'last' })
  await listening
  const bodies = heard.map(({ body }) => body)
  expect(bodies).toContain('what we think of them')
  expect(bodies).not.toContain('what we think of you')
  // Who of us it is is nothing for customers.
  expect(JSON.stringify(heard.filter(({ ticketId }) => ticketId === own.id))).not.toContain(desk.agent.id)
})

test('a place that never was is the newest one: the stream goes on from there', async () => {
  const { id } = await desk.customer.forge.tickets.create(aTicket())
  for (const scope of [{ id }, {}]) {
    await streams(0)
    const stream = desk.customer.forge.tickets.onUpdate(resumed(scope, 999_999_999_999_999))
    const next = stream.next()
    await streams(1)
    // It looks once, and then waits.
    const from = await newest()
    await desk.agent.forge.tickets.reply({ id, body: 'Here' })
    const { value } = await next
    expect(value?.sequence).toBeGreaterThan(from)
    await stream.return?.(undefined)
  }
})

test('after a long absence, with more that happened than fits a page, nothing is missing and nothing doubled', {
  timeout: 60_000,
}, async () => {
  const { id } = await desk.customer.forge.tickets.create(aTicket())
  const from = await newest()
  for (let n = 0; n < 130; n++) await desk.agent.forge.tickets.reply({ id, body: `answer ${n}` })
  const heard: string[] = []
  for await (const { type, message } of desk.customer.forge.tickets.onUpdate(resumed({}, from))) {
    if (type === 'message.added') heard.push(message?.body ?? '')
    if (message?.body === 'answer 129') break
  }
  expect(heard).toEqual(Array.from({ length: 130 }, (_, n) => `answer ${n}`))
})
