import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, hireAgent, openDesk } from '../support/desk.ts'
import { licensed } from '../support/licenses.ts'
import { signUp } from '../support/people.ts'

describe('macros', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const open = (subject?: string, by = desk.customer) => by.forge.tickets.create(aTicket(subject))

  test('writes, tags, moves and solves in one go, with what is known of the ticket', async () => {
    const { agent, customer } = desk
    const ticket = await open('White window')
    const macro = await agent.forge.tickets.saveMacro({
      name: 'Update',
      body: 'Hello {{customer.first_name}}, about #{{ ticket.number }}: please update.\n\n{{agent.name}}',
      actions: { status: 'pending', priority: 'high', addTags: ['Update', 'mac'], queueId: 'que_billing' },
    })
    expect(macro).toMatchObject({ shared: false, active: true, actions: { addTags: ['update', 'mac'] } })
    const body = `Hello Ada, about #${ticket.number}: please update.\n\nGrace Hopper`
    const preview = await agent.forge.tickets.previewMacro({ id: ticket.id, macroId: macro.id })
    expect(preview).toMatchObject({ body, missing: [], asNote: false })
    expect((await customer.forge.tickets.get({ id: ticket.id })).messages).toHaveLength(1)
    const { version } = ticket
    const applied = await agent.forge.tickets.applyMacro({ id: ticket.id, macroId: macro.id, version })
    expect(applied.message).toMatchObject({ body, author: { type: 'agent' } })
    expect(applied.ticket).toMatchObject({
      status: 'pending',
      priority: 'high',
      version: version + 1,
      desk: { tags: ['update', 'mac'], queueId: 'que_billing' },
    })
    const seen = await customer.forge.tickets.get({ id: ticket.id })
    expect(seen.messages.at(-1)?.body).toBe(body)
    expect(JSON.stringify(seen), 'tags are the desk’s').not.toContain('mac"')
  })

  test('of a change made meanwhile it makes nothing, not even the reply', async () => {
    const { agent } = desk
    const ticket = await open()
    const macro = await agent.forge.tickets.saveMacro({
      name: 'Stale',
      body: 'x',
      actions: { status: 'solved' },
    })
    await agent.forge.tickets.setPriority({ id: ticket.id, priority: 'low' })
    const { version } = ticket
    await expect(
      agent.forge.tickets.applyMacro({ id: ticket.id, macroId: macro.id, version }),
    ).rejects.toMatchObject({ code: 'TICKET_CONFLICT' })
    // It cannot go from solved to pending: then nothing is written, either.
    await agent.forge.tickets.reply({ id: ticket.id, body: 'Done.', status: 'solved' })
    const pending = await agent.forge.tickets.saveMacro({
      name: 'Ask',
      body: 'ask',
      actions: { status: 'pending' },
    })
    const now = await agent.forge.tickets.get({ id: ticket.id })
    await expect(
      agent.forge.tickets.applyMacro({ id: ticket.id, macroId: pending.id, version: now.version }),
    ).rejects.toMatchObject({ code: 'TICKET_TRANSITION_INVALID' })
    expect((await agent.forge.tickets.get({ id: ticket.id })).messages).toHaveLength(2)
  })

  test('the same key applies it once', async () => {
    const { agent } = desk
    const ticket = await open()
    const macro = await agent.forge.tickets.saveMacro({ name: 'Once', body: 'Once only.' })
    const input = {
      id: ticket.id,
      macroId: macro.id,
      version: ticket.version,
      idempotencyKey: 'apply-once-1',
    }
    const all = await Promise.all(Array.from({ length: 6 }, () => agent.forge.tickets.applyMacro(input)))
    expect(new Set(all.map((one) => one.ticket.version))).toEqual(new Set([ticket.version + 1]))
    expect((await agent.forge.tickets.get({ id: ticket.id })).messages).toHaveLength(2)
  })

  test('a note stays at the desk, and answers nothing', async () => {
    const { agent, customer } = desk
    const ticket = await open()
    const macro = await agent.forge.tickets.saveMacro({
      name: 'Escalate',
      body: 'Ask {{queue.name}}',
      asNote: true,
    })
    const { version } = ticket
    const applied = await agent.forge.tickets.applyMacro({ id: ticket.id, macroId: macro.id, version })
    expect(applied.message).toMatchObject({ kind: 'note', body: 'Ask General' })
    expect(applied.ticket).toMatchObject({ status: 'new', desk: { firstResponseAt: null } })
    expect((await customer.forge.tickets.get({ id: ticket.id })).messages).toHaveLength(1)
  })

  test('names of people are words, whatever they look like', async () => {
    const { agent } = desk
    const sly = await signUp(t, { name: '[Free](https://evil.example) <b>x</b> www.evil.example' })
    const ticket = await open('# Big https://evil.example ![x](https://evil.example/x.png)', sly)
    const macro = await agent.forge.tickets.saveMacro({
      name: 'Sly',
      body: '{{ticket.subject}}\n\n{{customer.name}}',
    })
    const { html } = await agent.forge.tickets.previewMacro({ id: ticket.id, macroId: macro.id })
    expect(html).not.toMatch(/<(?:a|b|h\d|img)\b/)
    expect(html).toContain('[Free](https://evil.example)')
  })

  test('a placeholder that there is none of is refused when it is saved, one without a value when it is applied', async () => {
    const { agent } = desk
    await expect(
      agent.forge.tickets.saveMacro({ name: 'Typo', body: 'Hi {{customer.nmae}} {{agent.name}}' }),
    ).rejects.toMatchObject({
      code: 'MACRO_PLACEHOLDER_UNKNOWN',
      details: { placeholders: ['customer.nmae'] },
    })
    const macro = await agent.forge.tickets.saveMacro({ name: 'Plan', body: 'You have {{license.plan}}.' })
    const without = await open()
    const { version } = without
    await expect(
      agent.forge.tickets.applyMacro({ id: without.id, macroId: macro.id, version }),
    ).rejects.toMatchObject({ code: 'MACRO_VALUE_MISSING', details: { placeholders: ['license.plan'] } })
    const owner = await signUp(t)
    await licensed(t, { owner })
    const ticket = await open('Mine', owner)
    const preview = await agent.forge.tickets.previewMacro({ id: ticket.id, macroId: macro.id })
    expect(preview.body).toMatch(/^You have \w+\.$/)
  })

  test('one’s own are one’s own, shared ones are an admin’s to change', async () => {
    const { agent, admin, customer } = desk
    const other = await hireAgent(t, { name: 'Other Agent' })
    const ticket = await open()
    const own = await agent.forge.tickets.saveMacro({ name: 'Mine', body: 'x' })
    const shared = await admin.forge.tickets.saveMacro({ name: 'Ours', body: 'x', shared: true })
    const namesOf = async (by = other) => (await by.forge.tickets.macros()).items.map(({ name }) => name)
    expect(await namesOf()).toEqual(['Ours'])
    const of = (macroId: string) => ({ id: ticket.id, macroId, version: ticket.version })
    const codes = async (calls: Promise<unknown>[]) =>
      (await Promise.allSettled(calls)).map((one) =>
        one.status === 'rejected' ? one.reason.code : 'answered',
      )
    expect(
      await codes([
        other.forge.tickets.applyMacro(of(own.id)),
        other.forge.tickets.saveMacro({ id: own.id, name: 'x', body: 'x' }),
        other.forge.tickets.deleteMacro({ id: own.id }),
        agent.forge.tickets.saveMacro({ id: shared.id, name: 'x', body: 'x' }),
        agent.forge.tickets.saveMacro({ name: 'All', body: 'x', shared: true }),
        agent.forge.tickets.saveMacro({ name: 'MINE', body: 'x' }),
        agent.forge.tickets.saveMacro({ name: 'Nothing' }),
        customer.forge.tickets.macros(),
        customer.forge.tickets.applyMacro(of(shared.id)),
      ]),
    ).toEqual([
      'NOT_FOUND',
      'NOT_FOUND',
      'NOT_FOUND',
      'FORBIDDEN',
      'FORBIDDEN',
      'DESK_NAME_TAKEN',
      'INVALID_INPUT',
      'FORBIDDEN',
      'FORBIDDEN',
    ])
    await admin.forge.tickets.saveMacro({ id: shared.id, name: 'Ours', body: 'y', active: false })
    expect(await codes([agent.forge.tickets.applyMacro(of(shared.id))]), 'turned off').toEqual(['NOT_FOUND'])
    expect(await agent.forge.tickets.deleteMacro({ id: own.id })).toEqual({ deleted: true })
  })
})
