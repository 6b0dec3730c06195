import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'

describe('who is in a ticket', () => {
  let t: TestApp
  /** A second copy of the server on the same database. */
  let copy: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    copy = await createTestApp({ databaseUrl: t.databaseUrl, clock: t.clock })
    desk = await openDesk(t)
  })
  afterAll(async () => {
    await copy[Symbol.asyncDispose]()
    await t[Symbol.asyncDispose]()
  })

  test('others are seen while they say so, and for half a minute after', async () => {
    const { agent, admin, customer } = desk
    const { id } = await customer.forge.tickets.create(aTicket())
    const seen = async () => (await admin.forge.tickets.get({ id })).desk?.presence
    expect(await agent.forge.tickets.presence({ id, state: 'viewing' })).toEqual({ others: [] })
    expect(await seen()).toEqual([{ agent: { id: agent.id, name: agent.name }, state: 'viewing' }])
    const { others } = await admin.forge.tickets.presence({ id, state: 'typing' })
    expect(others, 'oneself is no other').toHaveLength(1)
    t.clock.advance(20_000)
    await agent.forge.tickets.presence({ id, state: 'typing' })
    t.clock.advance(20_000)
    expect(await seen()).toMatchObject([{ state: 'typing' }])
    t.clock.advance(11_000)
    expect(await seen()).toEqual([])
    await t.deps.jobs.enqueue(t.deps.db, 'support.timers', {})
    expect(await t.drain()).toEqual([])
    expect(await t.deps.sql`select * from ticket_presence`).toHaveLength(0)
    await agent.forge.tickets.presence({ id, state: 'viewing' })
    await agent.forge.tickets.presence({ id, state: 'gone' })
    expect(await seen()).toEqual([])
  })

  test('customers neither say nor see it', async () => {
    const { agent, customer } = desk
    const ticket = await customer.forge.tickets.create(aTicket())
    const { id } = ticket
    await expect(customer.forge.tickets.presence({ id, state: 'viewing' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
    await expect(agent.forge.tickets.presence({ id: 'tkt_x', state: 'viewing' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    const types: string[] = []
    const watching = (async () => {
      for await (const update of customer.forge.tickets.onUpdate({ id })) {
        types.push(update.type)
        expect(update.presence).toBeNull()
        if (update.type === 'status.changed') break
      }
    })()
    await agent.forge.tickets.presence({ id, state: 'typing' })
    await agent.forge.tickets.setTags({ id, tags: ['secret'] })
    await agent.forge.tickets.setQueue({ id, queueId: 'que_billing' })
    expect((await customer.forge.tickets.get({ id })).desk).toBeNull()
    await agent.forge.tickets.reply({ id, body: 'Here you are', status: 'solved' })
    await watching
    expect(types).toEqual(['ticket.created', 'message.added', 'message.added', 'status.changed'])
  })

  test('is streamed to agents on other copies of the server, and is in the way of nothing that is kept', async () => {
    const { agent, admin, customer } = desk
    const { id } = await customer.forge.tickets.create(aTicket())
    const elsewhere = copy.forge()
    await elsewhere.auth.signIn({ email: admin.email, password: admin.password })
    const seen: string[] = []
    const typing = Promise.withResolvers<void>()
    const watching = (async () => {
      for await (const { type, presence, by } of elsewhere.tickets.onUpdate({ id })) {
        seen.push(
          presence
            ? presence.map((one) => `${one.agent.name} ${one.state}`).join() || 'nobody'
            : `${type} ${by}`,
        )
        if (seen.at(-1)?.endsWith('typing')) typing.resolve()
        if (type === 'status.changed') break
      }
    })()
    await agent.forge.tickets.presence({ id, state: 'typing' })
    await typing.promise
    await agent.forge.tickets.presence({ id, state: 'typing' })
    await agent.forge.tickets.reply({ id, body: 'Which version?', status: 'pending' })
    await watching
    expect(seen).toEqual([
      'ticket.created customer',
      'message.added customer',
      'Grace Hopper typing',
      'message.added agent',
      'status.changed agent',
    ])
  })

  test('an agent who opens a ticket sees what else its customer had', async () => {
    const { agent, customer } = desk
    const made = []
    for (let i = 0; i < 7; i++) made.push(await customer.forge.tickets.create(aTicket(`Before ${i}`)))
    const seen = await agent.forge.tickets.get({ id: made[6]?.id ?? '' })
    expect(seen.desk?.previousTickets.map(({ subject }) => subject)).toEqual([
      'Before 5',
      'Before 4',
      'Before 3',
      'Before 2',
      'Before 1',
    ])
  })
})
