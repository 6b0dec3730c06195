import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, hireAgent, openDesk } from '../support/desk.ts'
import { signUp } from '../support/people.ts'

describe('the same to many tickets', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  async function open(count: number): Promise<string[]> {
    const by = await signUp(t)
    const ids: string[] = []
    for (let i = 0; i < count; i++) ids.push((await by.forge.tickets.create(aTicket(`Bulk ${i}`))).id)
    return ids
  }
  const get = (id: string) => desk.admin.forge.tickets.get({ id })
  const close = async (id: string) => {
    await desk.agent.forge.tickets.transition({ id, to: 'solved', version: (await get(id)).version })
    await desk.admin.forge.tickets.transition({ id, to: 'closed', version: (await get(id)).version })
  }

  test('assigns, ranks, tags, moves and queues; tells of each why not', async () => {
    const { agent, customer } = desk
    const [a = '', b = '', closed = ''] = await open(3)
    await close(closed)
    const ids = [a, b, closed, 'tkt_unknown', a]
    const run = async (action: Parameters<typeof agent.forge.tickets.bulk>[0]['action']) =>
      (await agent.forge.tickets.bulk({ ids, action })).results.map(({ id, ok, code }) => [
        id,
        ok ? 'ok' : code,
      ])
    const usual = [
      [a, 'ok'],
      [b, 'ok'],
      [closed, 'TICKET_CLOSED'],
      ['tkt_unknown', 'NOT_FOUND'],
    ]
    expect(await run({ type: 'assign', agentId: agent.id })).toEqual(usual)
    expect(await run({ type: 'priority', priority: 'urgent' })).toEqual(usual)
    expect(await run({ type: 'tags', add: ['one', 'two'], remove: [] })).toEqual(usual)
    expect(await run({ type: 'tags', add: [], remove: ['one'] })).toEqual(usual)
    expect(await run({ type: 'queue', queueId: 'que_billing' })).toEqual(usual)
    expect((await get(a)).desk).toMatchObject({
      assignee: { id: agent.id },
      tags: ['two'],
      queueId: 'que_billing',
    })
    expect(await run({ type: 'assign', agentId: customer.id })).toEqual([
      [a, 'NOT_FOUND'],
      [b, 'NOT_FOUND'],
      [closed, 'TICKET_CLOSED'],
      ['tkt_unknown', 'NOT_FOUND'],
    ])
    expect(await run({ type: 'status', to: 'pending' }), 'nobody answered').toMatchObject([
      [a, 'TICKET_TRANSITION_INVALID'],
      [b, 'TICKET_TRANSITION_INVALID'],
      [closed, 'TICKET_CLOSED'],
      ['tkt_unknown', 'NOT_FOUND'],
    ])
    expect(await run({ type: 'status', to: 'solved', body: 'Solved by 1.5.' })).toEqual(usual)
    expect(await get(b)).toMatchObject({ status: 'solved', priority: 'urgent' })
    await expect(
      customer.forge.tickets.bulk({ ids, action: { type: 'priority', priority: 'low' } }),
    ).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await expect(
      agent.forge.tickets.bulk({
        ids: Array.from({ length: 101 }, (_, i) => `tkt_${i}`),
        action: { type: 'priority', priority: 'low' },
      }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('tried again it changes nothing more and writes nothing twice', async () => {
    const { agent } = desk
    const ids = await open(4)
    const macro = await agent.forge.tickets.saveMacro({
      name: 'Known',
      body: 'Known, {{customer.name}}: fixed in 1.5.',
      actions: { status: 'solved', addTags: ['known'] },
    })
    const input = {
      ids,
      action: { type: 'macro' as const, macroId: macro.id },
      idempotencyKey: 'bulk-known-1',
    }
    const tries = await Promise.all(Array.from({ length: 3 }, () => agent.forge.tickets.bulk(input)))
    for (const { results } of tries) expect(results.every(({ ok }) => ok)).toBe(true)
    for (const id of ids) {
      const seen = await get(id)
      expect(seen).toMatchObject({ status: 'solved', version: 3, desk: { tags: ['known'] } })
      expect(seen.messages).toHaveLength(2)
    }
    const versions = async () => Promise.all(ids.map(async (id) => (await get(id)).version))
    const before = await versions()
    await agent.forge.tickets.bulk({ ids, action: { type: 'tags', add: ['known'], remove: ['x'] } })
    await agent.forge.tickets.bulk({ ids, action: { type: 'status', to: 'solved' } })
    expect(await versions(), 'as it is already').toEqual(before)
  })

  test('against single changes at the same time: each is whole, none is lost', async () => {
    const { agent, admin } = desk
    const ids = await open(12)
    const tagged = (tag: string) =>
      agent.forge.tickets.bulk({ ids, action: { type: 'tags', add: [tag], remove: [] } })
    const [one, two, singles] = await Promise.all([
      tagged('one'),
      tagged('two'),
      Promise.allSettled([
        ...ids.map((id) => admin.forge.tickets.setPriority({ id, priority: 'high' })),
        ...ids.map((id) => admin.forge.tickets.claim({ id, version: 2 })),
        ...ids.map((id) => admin.forge.tickets.note({ id, body: 'meanwhile' })),
      ]),
      agent.forge.tickets.bulk({ ids: ids.toReversed(), action: { type: 'queue', queueId: 'que_billing' } }),
    ])
    for (const { results } of [one, two]) expect(results.every(({ ok }) => ok)).toBe(true)
    const refused = singles.flatMap((single) => (single.status === 'rejected' ? [single.reason.code] : []))
    expect(
      refused.every((code) => code === 'TICKET_CONFLICT'),
      String(refused),
    ).toBe(true)
    for (const id of ids) {
      const { desk: seen, version, messages, priority } = await get(id)
      expect([...(seen?.tags ?? [])].sort()).toEqual(['one', 'two'])
      expect(priority).toBe('high')
      expect(seen?.queueId).toBe('que_billing')
      expect(messages).toHaveLength(2)
      const events = await t.deps.sql<{ version: number }[]>`
        select distinct version from ticket_events where ticket_id = ${id} order by version`
      expect(
        events.map((event) => event.version),
        'every version is told of',
      ).toEqual(Array.from({ length: version - 1 }, (_, i) => i + 2))
    }
  })

  test('tags and queue of one ticket', async () => {
    const { agent, customer } = desk
    const other = await hireAgent(t, { name: 'Biller', queues: ['billing'] })
    const [id = ''] = await open(1)
    const { version } = await get(id)
    const tagged = await agent.forge.tickets.setTags({ id, tags: ['B', 'a', 'b'], version })
    expect(tagged).toMatchObject({ version: version + 1, desk: { tags: ['b', 'a'] } })
    await expect(agent.forge.tickets.setTags({ id, tags: [], version })).rejects.toMatchObject({
      code: 'TICKET_CONFLICT',
    })
    expect((await agent.forge.tickets.setTags({ id, tags: ['a'] })).desk.tags).toEqual(['a'])
    await other.forge.tickets.claim({ id })
    expect((await agent.forge.tickets.setQueue({ id, queueId: 'que_billing' })).desk.assignee?.id).toBe(
      other.id,
    )
    const moved = await agent.forge.tickets.setQueue({ id, queueId: 'que_extensions' })
    expect(moved.desk, 'who does not work there has it no more').toMatchObject({ assignee: null })
    await expect(agent.forge.tickets.setQueue({ id, queueId: 'que_x' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    await expect(customer.forge.tickets.setQueue({ id, queueId: 'que_billing' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
    await expect(agent.forge.tickets.setTags({ id, tags: ['no spaces'] })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
  })
})
