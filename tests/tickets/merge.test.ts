import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'
import { failure } from '../support/errors.ts'
import { signUp } from '../support/people.ts'

const DAY = 24 * 60 * 60_000

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())
beforeEach(async () => {
  await t.deps.sql`delete from rate_limits`
})

const open = async (body: string, by = desk.customer) =>
  (await by.forge.tickets.create({ ...aTicket(), body })).id
const say = async (id: string, body: string) => (await desk.customer.forge.tickets.reply({ id, body })).ticket
const answer = async (id: string, body: string) => (await desk.agent.forge.tickets.reply({ id, body })).ticket
const seen = (id: string) => desk.agent.forge.tickets.get({ id })
const bodies = async (id: string) => (await seen(id)).messages.map(({ body }) => body)
const waitingSince = async (id: string) => (await seen(id)).desk?.waitingSince?.getTime() ?? null
const at = async (id: string, body: string) =>
  (await seen(id)).messages.find((message) => message.body === body)?.createdAt.getTime() ?? 0

describe('two tickets about one thing', () => {
  test('become one: all that was said, with files and links, and the customer sees where', async () => {
    const { agent, customer } = desk
    const from = await open('a1')
    const into = await open('b1')
    await agent.forge.tickets.note({ id: from, body: 'note of a' })
    await say(from, 'a2')
    const [message] = await t.deps.sql<{ id: string }[]>`
      select id from ticket_messages where ticket_id = ${from} and body = 'a2'`
    await t.deps.sql`
      insert into ticket_attachments (id, ticket_id, message_id, file_name, content_type, size_bytes, sha256, storage_key, created_at)
      values ('att_1', ${from}, ${message?.id ?? ''}, 'a.png', 'image/png', 1, '\\x00', 'k', now())`
    await t.deps.sql`
      insert into ticket_links (ticket_id, kind, target_id, created_by, created_at)
      values (${from}, 'license', 'lic_1', 'agent:x', now()), (${from}, 'ticket', ${into}, 'agent:x', now())`
    const merged = await agent.forge.tickets.merge({ from, into })
    expect(merged).toMatchObject({ id: into, status: 'new' })
    expect(await bodies(into)).toEqual(['a1', 'b1', 'note of a', 'a2'])
    expect((await seen(into)).mergedFromIds).toEqual([from])
    const where = async () => {
      const [file] = await t.deps.sql`select ticket_id from ticket_attachments where id = 'att_1'`
      const links = await t.deps.sql`select kind, target_id from ticket_links where ticket_id = ${into}`
      return [file?.ticket_id, links.map((link) => `${link.kind} ${link.target_id}`)]
    }
    expect(await where()).toEqual([into, ['license lic_1']])

    const shown = await customer.forge.tickets.get({ id: from })
    expect(shown).toMatchObject({ status: 'closed', mergedIntoId: into, messages: [] })
    expect((await customer.forge.tickets.get({ id: into })).messages.map(({ body }) => body)).toEqual([
      'a1',
      'b1',
      'a2',
    ])
    const told: string[] = []
    for await (const { type, after } of customer.forge.tickets.onUpdate({ id: from })) {
      told.push(type)
      if (type === 'ticket.merged') expect(after).toEqual({ mergedIntoId: into })
      if (type === 'status.changed') break
    }
    expect(told).toEqual([
      'ticket.created',
      'message.added',
      'message.added',
      'ticket.merged',
      'status.changed',
    ])

    const restored = await agent.forge.tickets.unmerge({ id: from })
    expect(restored).toMatchObject({ id: from, status: 'new', mergedIntoId: null, closedAt: null })
    expect(await bodies(from)).toEqual(['a1', 'note of a', 'a2'])
    expect(await bodies(into)).toEqual(['b1'])
    expect(await where()).toEqual([from, []])
  })

  test('what is said to the merged one is said in the other, however long the chain', async () => {
    const { agent, customer } = desk
    const [a, b, c] = [await open('a'), await open('b'), await open('c')]
    await agent.forge.tickets.merge({ from: a, into: b })
    await agent.forge.tickets.merge({ from: b, into: c })
    const once = { id: a, body: 'still there?', idempotencyKey: 'said-to-the-first' }
    const first = await customer.forge.tickets.reply(once)
    const again = await customer.forge.tickets.reply(once)
    expect(first).toMatchObject({ isFollowUp: false, ticket: { id: c } })
    expect(again.message.id).toBe(first.message.id)
    expect((await answer(b, 'yes')).id).toBe(c)
    expect(await bodies(c)).toEqual(['a', 'b', 'c', 'still there?', 'yes'])
    const stale = agent.forge.tickets.reply({ id: a, body: 'x', version: 2 })
    expect(await failure(stale)).toBe('TICKET_CONFLICT')
    // Undone in the other order than it was done: the one in the middle first.
    expect(await failure(agent.forge.tickets.unmerge({ id: a }))).toBe('TICKET_CLOSED')
    await agent.forge.tickets.unmerge({ id: b })
    await agent.forge.tickets.unmerge({ id: a })
    expect([await bodies(a), await bodies(b), await bodies(c)]).toEqual([
      ['a'],
      ['b'],
      ['c', 'still there?', 'yes'],
    ])
  })

  test('where the conversation is over, an answer to the merged one opens a follow-up', async () => {
    const { agent, admin, customer } = desk
    const [a, b] = [await open('a'), await open('b')]
    await agent.forge.tickets.merge({ from: a, into: b })
    const { version } = await customer.forge.tickets.solve({ id: b })
    await admin.forge.tickets.transition({ id: b, to: 'closed', version })
    const replied = await customer.forge.tickets.reply({ id: a, body: 'again' })
    expect(replied).toMatchObject({ isFollowUp: true, ticket: { followUpOfId: b, status: 'new' } })
  })

  test('not those of two customers, not one with itself, none that is closed; only agents', async () => {
    const { agent, admin, customer } = desk
    const [a, b] = [await open('a'), await open('b')]
    const foreign = await open('of another', await signUp(t))
    const merge = (from: string, into: string) => failure(agent.forge.tickets.merge({ from, into }))
    await expect(agent.forge.tickets.merge({ from: a, into: foreign })).rejects.toMatchObject({
      code: 'TICKET_MERGE_INVALID',
      details: { why: 'other_customer' },
    })
    await expect(agent.forge.tickets.merge({ from: a, into: a })).rejects.toMatchObject({
      details: { why: 'same_ticket' },
    })
    expect(await merge(a, 'tkt_nobody')).toBe('NOT_FOUND')
    expect(await failure(agent.forge.tickets.merge({ from: a, into: b, version: 99 }))).toBe(
      'TICKET_CONFLICT',
    )
    expect(await failure(customer.forge.tickets.merge({ from: a, into: b }))).toBe('FORBIDDEN')
    const { version } = await customer.forge.tickets.solve({ id: b })
    await admin.forge.tickets.transition({ id: b, to: 'closed', version })
    expect(await merge(a, b)).toBe('TICKET_CLOSED')
    expect(await merge(b, a)).toBe('TICKET_CLOSED')
    await expect(agent.forge.tickets.unmerge({ id: a })).rejects.toMatchObject({
      code: 'TICKET_UNDO_IMPOSSIBLE',
      details: { why: 'not_merged' },
    })
  })

  test('the state before is there again: on hold with its time, solved as it was', async () => {
    const { agent } = desk
    const [held, solved, into] = [await open('held'), await open('solved'), await open('into')]
    const until = new Date(t.clock.now().getTime() + DAY)
    const { version } = await seen(held)
    await agent.forge.tickets.transition({ id: held, to: 'on_hold', reason: 'a release', until, version })
    await agent.forge.tickets.solve({ id: solved })
    for (const from of [held, solved]) await agent.forge.tickets.merge({ from, into })
    expect(await agent.forge.tickets.unmerge({ id: held })).toMatchObject({
      status: 'on_hold',
      desk: { holdUntil: until, holdReason: 'a release' },
    })
    expect(await agent.forge.tickets.unmerge({ id: solved })).toMatchObject({
      status: 'solved',
      desk: { reopenCount: 0 },
    })
  })

  test('a merge can be undone for 14 days', async () => {
    const { agent } = desk
    const [a, b] = [await open('a'), await open('b')]
    await agent.forge.tickets.merge({ from: a, into: b })
    t.clock.advance(14 * DAY + 60_000)
    await expect(agent.forge.tickets.unmerge({ id: a })).rejects.toMatchObject({
      code: 'TICKET_UNDO_IMPOSSIBLE',
      details: { why: 'too_late' },
    })
  })

  test('an older question counts, opens what rested, and goes back with its ticket', async () => {
    const { agent } = desk
    const a = await open('a asks')
    const b = await open('b asks')
    await agent.forge.tickets.reply({ id: b, body: 'b is answered', status: 'pending' })
    const asked = await at(a, 'a asks')
    const merged = await agent.forge.tickets.merge({ from: a, into: b })
    expect(merged.status).toBe('open')
    expect(await waitingSince(b)).toBe(asked)
    await say(b, 'b asks more')
    expect(await waitingSince(b)).toBe(asked)
    await agent.forge.tickets.unmerge({ id: a })
    expect(await waitingSince(a)).toBe(asked)
    expect(await waitingSince(b)).toBe(await at(b, 'b asks more'))
  })

  test('promises go with the questions: what is moved answers nothing, and what has gone is not owed', async () => {
    const { agent } = desk
    const a = await open('a asks')
    const b = await open('b asks')
    const c = await open('c asks')
    await answer(c, 'c is answered')
    const clock = async (id: string, name: 'firstResponse' | 'nextResponse') => {
      const [row] = await t.deps.sql<
        { sla: Record<string, { outcome: string | null; runs: { from: number }[] }> }[]
      >`
        select sla from tickets where id = ${id}`
      const timer = row?.sla[name]
      return timer ? [timer.outcome, timer.runs[0]?.from] : null
    }
    const asked = await at(a, 'a asks')
    // That c was answered does not answer b.
    await agent.forge.tickets.merge({ from: c, into: b })
    expect((await clock(b, 'firstResponse'))?.[0]).toBeNull()
    await answer(b, 'b is answered')
    expect((await clock(b, 'firstResponse'))?.[0]).toBe('met')
    await agent.forge.tickets.merge({ from: a, into: b })
    expect(await clock(b, 'nextResponse')).toEqual([null, asked])
    await agent.forge.tickets.unmerge({ id: a })
    expect((await clock(b, 'nextResponse'))?.[0]).toBe('cancelled')
    // Nobody ever answered a: it is its first response that is owed again, as if there had been no merge.
    expect((await clock(a, 'firstResponse'))?.[0]).toBeNull()
    expect(await clock(a, 'nextResponse')).toBeNull()
  })

  test('a question that was answered in between does not wait again', async () => {
    const { agent } = desk
    const [a, b] = [await open('a asks'), await open('b asks')]
    await agent.forge.tickets.merge({ from: a, into: b })
    await answer(b, 'both answered')
    expect(await waitingSince(b)).toBeNull()
    const restored = await agent.forge.tickets.unmerge({ id: a })
    expect(restored.desk).toMatchObject({
      waitingSince: null,
      firstResponseAt: (await seen(b)).desk?.firstResponseAt,
      lastAgentMessageAt: null,
    })
  })
})

describe('one ticket about two things', () => {
  test('its messages go to a new one, as old as they are, and come back', async () => {
    const { agent, customer } = desk
    const id = await open('first question')
    await say(id, 'second question')
    await answer(id, 'first answer')
    const before = await seen(id)
    expect(before.desk?.waitingSince).toBeNull()
    const second = before.messages.find(({ body }) => body === 'second question')
    const made = await agent.forge.tickets.split({
      id,
      messageIds: [second?.id ?? ''],
      subject: 'The second',
      category: 'billing',
    })
    expect(made).toMatchObject({
      status: 'new',
      subject: 'The second',
      category: 'billing',
      createdAt: second?.createdAt,
      desk: { splitFromId: id, queueId: 'que_billing', waitingSince: second?.createdAt },
    })
    expect(await bodies(id)).toEqual(['first question', 'first answer'])
    expect(await bodies(made.id)).toEqual(['second question'])
    expect((await customer.forge.tickets.list()).items[0]?.id).toBe(made.id)
    await agent.forge.tickets.note({ id: made.id, body: 'a note in it' })
    const undone = await agent.forge.tickets.unsplit({ id: made.id })
    // The question waits where it came from.
    expect(undone).toMatchObject({ id, desk: { waitingSince: second?.createdAt } })
    expect(await bodies(id)).toEqual(['first question', 'second question', 'first answer', 'a note in it'])
    expect(await seen(made.id)).toMatchObject({ status: 'closed', mergedIntoId: id })
    expect((await say(made.id, 'to the undone one')).id).toBe(id)
    await expect(agent.forge.tickets.unmerge({ id: made.id })).rejects.toMatchObject({
      details: { why: 'not_merged' },
    })
  })

  test('an answer that goes along has answered', async () => {
    const id = await open('first question')
    await say(id, 'second question')
    await answer(id, 'second answer')
    await say(id, 'first question again')
    const [, question, reply, again] = (await seen(id)).messages
    const made = await desk.agent.forge.tickets.split({
      id,
      messageIds: [question?.id ?? '', reply?.id ?? ''],
      subject: 'The second',
    })
    expect(made).toMatchObject({
      status: 'open',
      desk: { waitingSince: null, firstResponseAt: reply?.createdAt },
    })
    expect(await waitingSince(id)).toBe(again?.createdAt.getTime())
  })

  test('something stays and something goes that the customer can see; an answered one is not undone', async () => {
    const { agent, customer } = desk
    const id = await open('only')
    const { message: note } = await agent.forge.tickets.note({ id, body: 'note' })
    const [only] = (await seen(id)).messages
    const split = (messageIds: string[]) => agent.forge.tickets.split({ id, messageIds, subject: 'x' })
    await expect(split([only?.id ?? '', note.id])).rejects.toMatchObject({
      code: 'TICKET_SPLIT_INVALID',
      details: { why: 'nothing_left' },
    })
    await expect(split([note.id])).rejects.toMatchObject({ details: { why: 'nothing_public' } })
    const [elsewhere] = (await seen(await open('elsewhere'))).messages
    expect(await failure(split([elsewhere?.id ?? '']))).toBe('NOT_FOUND')
    await say(id, 'more')
    const made = await split([only?.id ?? ''])
    await customer.forge.tickets.reply({ id: made.id, body: 'yes, that' })
    await expect(agent.forge.tickets.unsplit({ id: made.id })).rejects.toMatchObject({
      code: 'TICKET_UNDO_IMPOSSIBLE',
      details: { why: 'answered' },
    })
    // Merged back instead, and that undone: it is the new ticket again.
    await agent.forge.tickets.merge({ from: made.id, into: id })
    expect(await bodies(id)).toEqual(['only', 'note', 'more', 'yes, that'])
    await agent.forge.tickets.unmerge({ id: made.id })
    expect(await bodies(made.id)).toEqual(['only', 'yes, that'])
  })

  test('agents find messages where they went', async () => {
    const { agent } = desk
    const [a, b] = [await open('xylophone'), await open('b')]
    const found = async () =>
      (
        await t.deps.sql`select ticket_id from ticket_search
          where document @@ to_tsquery('simple', 'xylophone') and ticket_id = any(${[a, b]})`
      ).map((row) => row.ticket_id)
    expect(await found()).toEqual([a])
    await agent.forge.tickets.merge({ from: a, into: b })
    expect(await found()).toEqual([b])
    await agent.forge.tickets.unmerge({ id: a })
    expect(await found()).toEqual([a])
  })
})
