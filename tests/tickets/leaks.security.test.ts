import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'
import { type Person, signUp } from '../support/people.ts'

/** Stands in whatever only agents may see. */
const SECRET = 'zanzibar'
const HOUR = 3_600_000

describe('what only the desk may see', () => {
  let t: TestApp
  let desk: Desk
  let id: string
  let heard: Promise<string>

  /** All that a stream brings until a ticket is solved. */
  async function listen(person: Person, given: { id?: string }): Promise<string> {
    const updates: unknown[] = []
    for await (const update of person.forge.tickets.onUpdate(given)) {
      updates.push(update)
      if (update.type === 'status.changed' && update.after?.status === 'solved') break
    }
    return JSON.stringify(updates)
  }

  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
    const { customer, agent } = desk
    ;({ id } = await customer.forge.tickets.create(aTicket()))
    heard = Promise.all([listen(customer, { id }), listen(customer, {})]).then((both) => both.join())
    // The stream over all tickets tells what comes: it must be there first.
    while (t.deps.realtime.openStreams < 2) await new Promise((resolve) => setTimeout(resolve, 10))
    const { tickets } = agent.forge
    await tickets.note({ id, body: `A note: ${SECRET}` })
    const until = new Date(t.clock.now().getTime() + HOUR)
    const { version } = await tickets.get({ id })
    await tickets.transition({ id, to: 'on_hold', reason: `Since ${SECRET}`, until, version })
    await tickets.assign({ id, agentId: agent.id })
    await t.deps.sql`update tickets set tags = array[${SECRET}], skills = array[${SECRET}] where id = ${id}`
    await tickets.reopen({ id })
    await tickets.reply({ id, body: 'A public answer', status: 'solved' })
    await t.drain()
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const paths: Record<string, () => Promise<unknown>> = {
    get: () => desk.customer.forge.tickets.get({ id }),
    messages: () => desk.customer.forge.tickets.messages({ id }),
    list: () => desk.customer.forge.tickets.list(),
    'answers to changes': async () => [
      await desk.customer.forge.tickets.reopen({ id, body: 'Not yet' }),
      await desk.customer.forge.tickets.reply({ id, body: 'Again' }),
      await desk.customer.forge.tickets.solve({ id }),
      await desk.customer.forge.tickets.rate({ id, score: 4 }),
    ],
    streams: () => heard,
    mails: () => t.mails(desk.customer.email),
    export: () => desk.customer.forge.users.exportData(),
  }
  for (const [name, look] of Object.entries(paths)) {
    test(`does not come by ${name}`, async () => {
      const seen = JSON.stringify(await look())
      expect(seen).toContain(name === 'mails' ? 'A public answer' : '')
      expect(seen).not.toContain(SECRET)
      // Nor who of us it is, by their account.
      expect(seen).not.toContain(desk.agent.id)
      expect(seen).not.toContain(desk.agent.email)
    })
  }

  test('the customer hears the rest', async () => {
    expect(await heard).toContain('A public answer')
    expect((await desk.customer.forge.tickets.get({ id })).desk).toBeNull()
    expect(JSON.stringify(await desk.agent.forge.tickets.get({ id }))).toContain(SECRET)
  })

  test('a ticket of one’s own is no desk, also for agents', async () => {
    const own = await desk.agent.forge.tickets.create(aTicket('Of an agent'))
    await desk.admin.forge.tickets.note({ id: own.id, body: SECRET })
    const seen = await desk.agent.forge.tickets.get({ id: own.id })
    expect(seen.desk).toBeNull()
    expect(JSON.stringify(seen)).not.toContain(SECRET)
  })

  test('others see nothing: neither the ticket, nor its stream, nor that it is there', async () => {
    const other = await signUp(t)
    const { tickets } = other.forge
    await expect(tickets.get({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(tickets.onUpdate({ id }).next()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await tickets.list()).items).toEqual([])
  })

  test('a stream ends once its listener may no longer listen', async () => {
    const person = await signUp(t)
    const own = await person.forge.tickets.create(aTicket())
    const stream = person.forge.tickets.onUpdate({ id: own.id })
    await stream.next()
    await stream.next()
    await desk.admin.forge.admin.ban({ userId: person.id, reason: 'spam' })
    const next = stream.next()
    await desk.agent.forge.tickets.reply({ id: own.id, body: 'Too late' })
    await expect(next).rejects.toMatchObject({ code: expect.stringMatching(/^AUTH_/) })
  })

  test('nobody gives themselves what is the desk’s to give', async () => {
    const { forge } = desk.customer
    for (const more of [
      { assigneeId: desk.customer.id },
      { queueId: 'que_billing' },
      { plan: 'enterprise' },
      { tags: ['vip'] },
      { status: 'solved' },
      { requesterId: desk.agent.id },
    ]) {
      // The compiler refuses it; what others send is refused by the server.
      const call = forge.call as unknown as (path: string, kind: string, input: unknown) => Promise<unknown>
      await expect(
        call('tickets.create', 'mutation', { ...aTicket(), source: 'api', ...more }),
      ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
    expect(await forge.tickets.create({ ...aTicket(), priority: 'urgent' })).toMatchObject({
      priority: 'normal',
    })
  })
})
