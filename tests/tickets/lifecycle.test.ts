import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'

const DAY = 24 * 60 * 60_000

describe('a ticket from its beginning to its end', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const open = () => desk.customer.forge.tickets.create(aTicket())

  test('opened, answered, pending, answered, solved, rated, closed', async () => {
    const { customer, agent } = desk
    const ticket = await open()
    expect(ticket).toMatchObject({ status: 'new', priority: 'normal', waitingFor: 'support' })
    const answered = await agent.forge.tickets.reply({
      id: ticket.id,
      body: 'Which version?',
      status: 'pending',
    })
    expect(answered.ticket).toMatchObject({ status: 'pending', waitingFor: 'customer' })
    const back = await customer.forge.tickets.reply({ id: ticket.id, body: '1.4' })
    expect(back.ticket.status).toBe('open')
    const { version } = back.ticket
    const solved = await agent.forge.tickets.transition({
      id: ticket.id,
      to: 'solved',
      body: 'Update to 1.5.',
      version,
    })
    expect(solved).toMatchObject({ status: 'solved', desk: { assignee: { id: agent.id } } })
    expect(await customer.forge.tickets.rate({ id: ticket.id, score: 5 })).toMatchObject({
      rating: { score: 5, comment: null },
    })
    t.clock.advance(14 * DAY + 60_000)
    await t.deps.jobs.enqueue(t.deps.db, 'support.timers', {})
    expect(await t.drain()).toEqual([])
    const seen = await customer.forge.tickets.get({ id: ticket.id })
    expect(seen.status).toBe('closed')
    expect(seen.desk).toBeNull()
    expect(seen.messages.map((message) => [message.author.type, message.body])).toEqual([
      ['customer', 'It shows a **white** window and nothing else.'],
      ['agent', 'Which version?'],
      ['customer', '1.4'],
      ['agent', 'Update to 1.5.'],
    ])
    expect(seen.messages[0]?.html).toContain('<strong>white</strong>')
  })

  test('notes are seen by agents alone, and change nothing', async () => {
    const { customer, agent } = desk
    const ticket = await open()
    const noted = await agent.forge.tickets.note({ id: ticket.id, body: 'Looks like #999' })
    expect(noted.ticket).toMatchObject({ status: 'new', desk: { firstResponseAt: null } })
    expect((await customer.forge.tickets.get({ id: ticket.id })).messages).toHaveLength(1)
    expect((await agent.forge.tickets.get({ id: ticket.id })).messages).toHaveLength(2)
  })

  test('an answer to a closed ticket goes on in a new one', async () => {
    const { customer, admin } = desk
    const ticket = await open()
    await customer.forge.tickets.solve({ id: ticket.id })
    const { version } = await customer.forge.tickets.get({ id: ticket.id })
    await admin.forge.tickets.transition({ id: ticket.id, to: 'closed', version })
    const key = 'the-same-answer'
    const first = await customer.forge.tickets.reply({ id: ticket.id, body: 'Again!', idempotencyKey: key })
    const second = await customer.forge.tickets.reply({ id: ticket.id, body: 'Again!', idempotencyKey: key })
    expect(first).toMatchObject({ isFollowUp: true, ticket: { followUpOfId: ticket.id, status: 'new' } })
    expect(second.ticket.id).toBe(first.ticket.id)
    await expect(customer.forge.tickets.reopen({ id: ticket.id })).rejects.toMatchObject({
      code: 'TICKET_CLOSED',
    })
  })

  test('the same key opens one ticket, another request under it none', async () => {
    const { customer } = desk
    const input = { ...aTicket('Once'), idempotencyKey: 'opened-once' }
    const made = await Promise.all(Array.from({ length: 10 }, () => customer.forge.tickets.create(input)))
    expect(new Set(made.map(({ id }) => id)).size).toBe(1)
    await expect(customer.forge.tickets.create({ ...input, body: 'other' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    })
  })

  test('of twenty who claim one ticket, one gets it', async () => {
    const ticket = await open()
    const { agent, admin } = desk
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) =>
        (i % 2 ? agent : admin).forge.tickets.claim({ id: ticket.id, version: ticket.version }),
      ),
    )
    const won = tries.filter((one) => one.status === 'fulfilled')
    const lost = tries.filter((one) => one.status === 'rejected')
    expect(won).toHaveLength(1)
    expect(lost.map((one) => one.reason.code)).toEqual(Array(19).fill('TICKET_CONFLICT'))
  })

  test('what happens is streamed, once and in order, without what only agents may see', async () => {
    const { customer, agent } = desk
    const ticket = await open()
    const seen: string[] = []
    const watching = (async () => {
      for await (const update of customer.forge.tickets.onUpdate({ id: ticket.id })) {
        seen.push(`${update.type} ${update.by}`)
        if (update.type === 'status.changed' && update.status === 'solved') break
      }
    })()
    await agent.forge.tickets.note({ id: ticket.id, body: 'secret' })
    await agent.forge.tickets.reply({ id: ticket.id, body: 'Here you are', status: 'solved' })
    await watching
    expect(seen).toEqual([
      'ticket.created customer',
      'message.added customer',
      'message.added agent',
      'status.changed agent',
    ])
  })
})
