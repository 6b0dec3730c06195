import { systemContext } from '@devforge/server/context'
import { assignWaiting } from '@devforge/server/modules/support/service/assignment/assign'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, hireAgent } from '../support/desk.ts'
import { failure } from '../support/errors.ts'
import { type Person, signUp } from '../support/people.ts'

describe('who works on tickets', () => {
  let t: TestApp
  let customer: Person
  let admin: Person

  beforeAll(async () => {
    t = await createTestApp()
    customer = await signUp(t)
    admin = await signUp(t, { role: 'admin', name: 'Root' })
    await signUp(t, { role: 'admin', name: 'Root, too' })
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const open = async (n: number) => {
    await t.deps.sql`delete from rate_limits`
    return Promise.all(Array.from({ length: n }, () => customer.forge.tickets.create(aTicket())))
  }
  const stateOf = async ({ id }: { id: string }) => {
    const { status, desk } = await admin.forge.tickets.get({ id })
    return [status, desk?.assignee?.id ?? null]
  }
  const manual = () => t.deps.sql`update support_queues set assignment = 'manual'`
  const automatic = () => t.deps.sql`update support_queues set assignment = 'least_loaded'`

  /** Somebody with a ticket in every state. */
  async function busyAgent() {
    const agent = await hireAgent(t)
    const tickets = await open(4)
    const [held, pending, solved, opened] = tickets
    if (!held || !pending || !solved || !opened) throw new Error('four were opened')
    for (const { id } of tickets) await agent.forge.tickets.claim({ id })
    await agent.forge.tickets.transition({
      id: held.id,
      to: 'on_hold',
      reason: 'a release',
      until: new Date(t.clock.now().getTime() + 60_000),
      version: 3,
    })
    await agent.forge.tickets.reply({ id: pending.id, body: 'Which?', status: 'pending' })
    await agent.forge.tickets.solve({ id: solved.id })
    return { agent, held, pending, solved, opened }
  }

  test('an admin makes an agent of an account with the role, and of no other', async () => {
    const person = await signUp(t, { name: 'Linus' })
    const set = { userId: person.id, capacity: 4, skills: ['linux'], queues: ['que_general', 'que_billing'] }
    expect(await failure(admin.forge.admin.setAgent(set))).toBe('AGENT_ROLE_NEEDED')
    await admin.forge.admin.setRole({ userId: person.id, role: 'agent', reason: 'hired' })
    const before = (await admin.forge.admin.agents()).items.find(({ id }) => id === person.id)
    expect(before).toMatchObject({ isAgent: false, active: false })
    expect(await admin.forge.admin.setAgent({ ...set, signature: 'Linus of Dev Forge' })).toMatchObject({
      isAgent: true,
      active: true,
      available: true,
      capacity: 4,
      skills: ['linux'],
      queueIds: ['que_billing', 'que_general'],
      load: 0,
      satisfaction: null,
    })
    expect((await admin.forge.tickets.agents({ query: 'linu' })).items).toMatchObject([
      { id: person.id, available: true, load: 0, capacity: 4 },
    ])
    expect((await admin.forge.tickets.agents({ queueId: 'que_extensions' })).items).toEqual([])
    const unknown = { userId: person.id, queues: ['que_general', 'que_nowhere'] }
    expect(await failure(admin.forge.admin.setAgent(unknown))).toBe('NOT_FOUND')
    expect(await failure(admin.forge.admin.setAgent({ userId: 'usr_nobody' }))).toBe('NOT_FOUND')
    expect(await failure(person.forge.admin.setAgent({ userId: person.id, capacity: 99 }))).toBe('FORBIDDEN')
    const { items } = await admin.forge.admin.audit({ subject: person.id, action: 'agent.set' })
    expect(items).toMatchObject([{ after: { capacity: 4, queues: ['que_billing', 'que_general'] } }])
    expect(JSON.stringify(items)).not.toContain('Linus')
    await admin.forge.admin.setAgent({ userId: person.id, active: false })
  })

  test('turned off, banned, demoted or gone: what is not solved is queued again, and solved tickets that come back, too', async () => {
    await manual()
    const ends: ((agent: Person) => Promise<unknown>)[] = [
      ({ id }) => admin.forge.admin.setAgent({ userId: id, active: false }),
      ({ id }) => admin.forge.admin.ban({ userId: id, reason: 'sold data' }),
      ({ id }) => admin.forge.admin.setRole({ userId: id, role: 'customer', reason: 'left' }),
      ({ forge, password }) => forge.users.deleteAccount({ password }),
    ]
    for (const end of ends) {
      const { agent, held, pending, solved, opened } = await busyAgent()
      await end(agent)
      expect(await stateOf(held)).toEqual(['on_hold', null])
      expect(await stateOf(pending)).toEqual(['pending', null])
      expect(await stateOf(opened)).toEqual(['open', null])
      expect(await stateOf(solved)).toEqual(['solved', agent.id])
      await customer.forge.tickets.reopen({ id: solved.id })
      expect(await stateOf(solved)).toEqual(['open', null])
      const give = admin.forge.tickets.assign({ id: opened.id, agentId: agent.id })
      expect(await failure(give)).toBe('NOT_FOUND')
    }
  })

  test('a solved ticket that comes back goes to whoever had it', async () => {
    const { agent, solved, pending } = await busyAgent()
    await customer.forge.tickets.reply({ id: solved.id, body: 'No, it is not' })
    await customer.forge.tickets.reply({ id: pending.id, body: 'This one' })
    expect(await stateOf(solved)).toEqual(['open', agent.id])
    expect(await stateOf(pending)).toEqual(['open', agent.id])
    await admin.forge.admin.setAgent({ userId: agent.id, active: false })
  })

  test('whoever is turned off cannot claim; an admin who never did is an agent from then on', async () => {
    await manual()
    const off = await hireAgent(t)
    await admin.forge.admin.setAgent({ userId: off.id, active: false })
    const [ticket] = await open(1)
    const id = ticket?.id ?? ''
    expect(await failure(off.forge.tickets.claim({ id }))).toBe('AGENT_NOT_ACTIVE')
    expect(await failure(off.forge.tickets.setAvailability({ available: true }))).toBe('AGENT_NOT_ACTIVE')
    expect((await admin.forge.tickets.claim({ id })).desk.assignee?.id).toBe(admin.id)
  })

  test('coming back to the desk, more room, another queue: what waits is given out', async () => {
    await automatic()
    const agent = await hireAgent(t, { capacity: 1 })
    await agent.forge.tickets.setAvailability({ available: false })
    const other = await hireAgent(t, { queues: [] })
    await t.deps.sql`update tickets set status = 'closed', hold_until = null, closed_at = now()`
    await open(3)
    await t.drain()
    const load = async (person: Person) =>
      (await admin.forge.admin.agents({ limit: 100 })).items.find(({ id }) => id === person.id)?.load
    expect(await load(agent)).toBe(0)
    await agent.forge.tickets.setAvailability({ available: true })
    await t.drain()
    expect(await load(agent)).toBe(1)
    await admin.forge.admin.setAgent({ userId: agent.id, capacity: 2 })
    await t.drain()
    expect(await load(agent)).toBe(2)
    await admin.forge.admin.setAgent({ userId: other.id, queues: ['que_general'] })
    await t.drain()
    expect(await load(other)).toBe(1)
    await admin.forge.admin.setAgent({ userId: agent.id, active: false })
    await t.drain()
    expect(await load(other)).toBe(3)
    await admin.forge.admin.setAgent({ userId: other.id, active: false })
  })

  test('turned off in the moment in which tickets are given out and answered, nobody keeps one', {
    timeout: 120_000,
  }, async () => {
    await automatic()
    for (let round = 0; round < 6; round++) {
      const agent = await hireAgent(t, { capacity: 20 })
      const tickets = await open(6)
      await t.drain()
      await open(4)
      const [first] = tickets
      await agent.forge.tickets.reply({ id: first?.id ?? '', body: 'Which?', status: 'pending' })
      const engine = () =>
        assignWaiting(systemContext(t.deps, { type: 'system', job: 'support.assign' }), 'que_general')
      const outcomes = await Promise.allSettled([
        engine(),
        engine(),
        round % 2
          ? admin.forge.admin.setAgent({ userId: agent.id, active: false })
          : admin.forge.admin.setRole({ userId: agent.id, role: 'customer', reason: 'left' }),
        customer.forge.tickets.reply({ id: first?.id ?? '', body: 'This one' }),
        agent.forge.tickets.reply({ id: tickets[1]?.id ?? '', body: 'Hello' }),
        engine(),
      ])
      const failed = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
      expect(failed.filter((code) => code !== 'FORBIDDEN')).toEqual([])
      const [kept] = await t.deps.sql<{ n: number }[]>`
        select count(*)::int as n from tickets where assignee_id = ${agent.id} and status not in ('solved', 'closed')`
      expect(kept?.n).toBe(0)
    }
    const [waits] = await t.deps.sql<{ deadlocks: number }[]>`
      select deadlocks::int from pg_stat_database where datname = current_database()`
    expect(waits?.deadlocks).toBe(0)
  })
})

describe('queues', () => {
  let t: TestApp
  let admin: Person
  beforeAll(async () => {
    t = await createTestApp()
    admin = await signUp(t, { role: 'admin' })
  })
  afterAll(() => t[Symbol.asyncDispose]())

  test('are made and changed; a category goes to one of them, and one takes the rest', async () => {
    const { setQueue } = bound(admin)
    const made = await setQueue({ slug: 'refunds', name: 'Refunds', assignment: 'round_robin' })
    expect(made).toMatchObject({ slug: 'refunds', isDefault: false, waiting: 0, categories: [] })
    expect(await failure(setQueue({ slug: 'refunds', name: 'Again' }))).toBe('QUEUE_SLUG_TAKEN')
    expect(await failure(setQueue({ name: 'Nameless' }))).toBe('INVALID_INPUT')
    expect(await failure(setQueue({ id: 'que_nowhere', name: 'x' }))).toBe('NOT_FOUND')
    await expect(setQueue({ id: made.id, categories: ['billing'] })).rejects.toMatchObject({
      code: 'QUEUE_CATEGORY_TAKEN',
      details: { category: 'billing', queueId: 'que_billing' },
    })
    await setQueue({ id: 'que_billing', categories: ['license'] })
    await setQueue({ id: made.id, categories: ['billing'] })
    expect(await failure(setQueue({ id: 'que_general', active: false }))).toBe('QUEUE_DEFAULT_NEEDED')
    expect(await failure(setQueue({ id: 'que_general', isDefault: false }))).toBe('QUEUE_DEFAULT_NEEDED')
    await setQueue({ id: made.id, isDefault: true })
    const { items } = await admin.forge.admin.queues()
    expect(items.filter(({ isDefault }) => isDefault).map(({ id }) => id)).toEqual([made.id])
    await setQueue({ id: 'que_general', active: false, isDefault: false })
  })

  test('two who take one category at once: one gets it', async () => {
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) =>
        admin.forge.admin.setQueue({ slug: `race-${i}`, name: `Race ${i}`, categories: ['extension'] }),
      ),
    )
    // It has been taken from the start.
    expect(tries.every((one) => one.status === 'rejected')).toBe(true)
    await admin.forge.admin.setQueue({ id: 'que_extensions', categories: [] })
    const again = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) =>
        admin.forge.admin.setQueue({ slug: `race-${i}`, name: `Race ${i}`, categories: ['extension'] }),
      ),
    )
    expect(again.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
  })
})

const bound = ({ forge }: Person) => ({
  setQueue: (input: Parameters<typeof forge.admin.setQueue>[0]) => forge.admin.setQueue(input),
})
