import { systemContext } from '@devforge/server/context'
import { postMessage } from '@devforge/server/modules/support/service/post'
import { holdTicket, saveTicket } from '@devforge/server/modules/support/service/save'
import { inTx } from '@devforge/server/tx'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../../support/app.ts'
import { aTicket, type Desk, openDesk } from '../../support/desk.ts'
import {
  breachesOf,
  clocksOf,
  DAY,
  eventsOf,
  HOUR,
  MINUTE,
  near,
  nextMonday,
  paid,
  versionOf,
} from './support.ts'

describe('what a ticket is promised', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    nextMonday(t)
    desk = await openDesk(t)
    await paid(t, desk)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const open = async () => (await desk.customer.forge.tickets.create(aTicket())).id
  const answer = (id: string, status?: 'open' | 'pending' | 'solved') =>
    desk.agent.forge.tickets.reply({ id, body: 'Try this.', ...(status ? { status } : {}) })
  const write = (id: string) => desk.customer.forge.tickets.reply({ id, body: 'And now?' })
  const pass = (ms: number) => t.clock.advance(ms)

  test('is counted from its creation, in the business hours of its policy', async () => {
    nextMonday(t)
    pass(4 * DAY + 6 * HOUR)
    const id = await open()
    // Pro and normal: 16 business hours for the response; opened on a Friday at four o'clock.
    const friday = t.clock.now()
    const clocks = await clocksOf(desk.agent, id)
    expect(near(clocks.firstResponseDueAt)).toBe(near(new Date(friday.getTime() + 4 * DAY)))
    expect(clocks).toMatchObject({
      nextResponseDueAt: null,
      breached: false,
      first: { state: 'running', cycle: 1 },
      next: undefined,
      resolution: { state: 'running' },
    })
    expect(clocks.nextDueAt).toEqual(clocks.firstResponseDueAt)
  })

  test('is not shown to its customer', async () => {
    const id = await open()
    expect(JSON.stringify(await desk.customer.forge.tickets.get({ id }))).not.toContain('DueAt')
  })

  test('the first response is given by an answer of an agent, not by a note or by an auto-reply', async () => {
    const monday = nextMonday(t)
    const id = await open()
    pass(HOUR)
    await desk.agent.forge.tickets.note({ id, body: 'Hm.' })
    await desk.agent.forge.tickets.claim({ id })
    await inTx(systemContext(t.deps, { type: 'system', job: 'test' }), async (ctx) => {
      const ticket = await holdTicket(ctx, { id })
      const posted = await postMessage(ctx, ticket, {
        kind: 'message',
        authorType: 'agent',
        authorId: desk.agent.id,
        body: 'I am out of office.',
        source: 'mail',
        isAuto: true,
      })
      await saveTicket(ctx, ticket, posted?.patch ?? {}, [])
    })
    expect((await clocksOf(desk.agent, id)).first).toMatchObject({ state: 'running', endedAt: null })
    pass(HOUR)
    await answer(id)
    const clocks = await clocksOf(desk.agent, id)
    expect(clocks.first?.state).toBe('met')
    expect(near(clocks.first?.endedAt)).toBe(near(new Date(monday.getTime() + 2 * HOUR)))
    expect(clocks.firstResponseDueAt).toBeNull()
    expect(clocks.nextDueAt).toEqual(clocks.resolutionDueAt)
  })

  test('the next response counts from the oldest message that nobody answered', async () => {
    const monday = nextMonday(t)
    const id = await open()
    await answer(id)
    pass(HOUR)
    await write(id)
    pass(HOUR)
    await write(id)
    pass(HOUR)
    await write(id)
    const { next, nextResponseDueAt } = await clocksOf(desk.agent, id)
    expect(next).toMatchObject({ cycle: 1, state: 'running' })
    expect(near(next?.startedAt)).toBe(near(new Date(monday.getTime() + HOUR)))
    // 16 hours from eleven o'clock on Monday.
    expect(near(nextResponseDueAt)).toBe(near(new Date(monday.getTime() + 2 * DAY + HOUR)))
    await answer(id)
    expect((await clocksOf(desk.agent, id)).next?.state).toBe('met')
    await write(id)
    expect((await clocksOf(desk.agent, id)).next).toMatchObject({ cycle: 2, state: 'running' })
  })

  test('the resolution pauses while pending: Friday 16:59 to Monday 09:01 costs business minutes only', async () => {
    nextMonday(t)
    pass(4 * DAY + 6 * HOUR)
    const id = await open()
    pass(59 * MINUTE)
    await answer(id, 'pending')
    const pending = await clocksOf(desk.agent, id)
    expect(pending.resolution?.state).toBe('paused')
    expect(pending).toMatchObject({ resolutionDueAt: null, nextDueAt: null })
    t.clock.set(new Date(nextMonday(t).getTime() - 59 * MINUTE))
    await write(id)
    pass(10 * MINUTE)
    const { resolution } = await clocksOf(desk.agent, id)
    expect(resolution?.state).toBe('running')
    expect(Math.floor((resolution?.usedMs ?? 0) / MINUTE)).toBe(69)
  })

  test('the resolution stops at solved, and resumes with the time used when reopened', async () => {
    const monday = nextMonday(t)
    const id = await open()
    pass(2 * HOUR)
    await answer(id, 'solved')
    expect((await clocksOf(desk.agent, id)).resolution?.state).toBe('met')
    pass(3 * DAY)
    await desk.customer.forge.tickets.reopen({ id })
    const { resolution, next, resolutionDueAt } = await clocksOf(desk.agent, id)
    expect(resolution).toMatchObject({ state: 'running', cycle: 1, endedAt: null })
    expect(Math.floor((resolution?.usedMs ?? 0) / MINUTE)).toBe(120)
    // 78 of 80 hours are left at noon of Thursday: two weeks less two hours.
    expect(near(resolutionDueAt)).toBe(near(new Date(monday.getTime() + 3 * DAY + 14 * DAY)))
    expect(next).toMatchObject({ state: 'running', cycle: 1 })
  })

  test('on hold, clocks go on', async () => {
    nextMonday(t)
    const id = await open()
    const until = new Date(t.clock.now().getTime() + DAY)
    const version = await versionOf(desk.agent, id)
    await desk.agent.forge.tickets.transition({ id, to: 'on_hold', reason: 'the vendor', until, version })
    pass(HOUR)
    const { resolution, first } = await clocksOf(desk.agent, id)
    expect(first?.state).toBe('running')
    expect(Math.floor((resolution?.usedMs ?? 0) / MINUTE)).toBe(60)
  })

  test('another priority counts from the start, breaks a promise at once if it must, and once; the breach stays', async () => {
    const monday = nextMonday(t)
    const id = await open()
    await desk.agent.forge.tickets.claim({ id })
    pass(3 * HOUR)
    await desk.agent.forge.tickets.setPriority({ id, priority: 'high' })
    expect(near((await clocksOf(desk.agent, id)).firstResponseDueAt)).toBe(
      near(new Date(monday.getTime() + DAY)),
    )
    expect(await breachesOf(t, id)).toEqual([])
    pass(2 * HOUR)
    await desk.agent.forge.tickets.setPriority({ id, priority: 'urgent' })
    const broken = await clocksOf(desk.agent, id)
    expect(broken).toMatchObject({ breached: true, first: { state: 'breached' } })
    expect((await breachesOf(t, id)).map(({ metric, cycle }) => [metric, cycle])).toEqual([
      ['first_response', 1],
    ])
    await desk.agent.forge.tickets.setPriority({ id, priority: 'low' })
    await desk.agent.forge.tickets.setPriority({ id, priority: 'urgent' })
    await answer(id)
    expect(await clocksOf(desk.agent, id)).toMatchObject({ breached: true, first: { state: 'breached' } })
    expect(await breachesOf(t, id)).toHaveLength(1)
    expect(await eventsOf(t, id, 'sla.breached')).toHaveLength(1)
  })

  test('an answer that came too late is a breach, also when no sweep came by', async () => {
    nextMonday(t)
    const id = await open()
    pass(2 * DAY + HOUR)
    await answer(id)
    expect(await clocksOf(desk.agent, id)).toMatchObject({
      first: { state: 'breached' },
      firstResponseDueAt: null,
    })
    expect(await breachesOf(t, id)).toMatchObject([{ metric: 'first_response', cycle: 1 }])
  })

  test('whoever answers late is not mailed that it is late', async () => {
    nextMonday(t)
    const id = await open()
    await desk.agent.forge.tickets.claim({ id })
    pass(2 * DAY + HOUR)
    await answer(id)
    expect(await breachesOf(t, id)).toHaveLength(1)
    expect(await t.drain()).toEqual([])
    const { number } = await desk.agent.forge.tickets.get({ id })
    const about = (await t.mails(desk.agent.email)).filter(({ subject }) =>
      subject.startsWith(`Ticket #${number}:`),
    )
    expect(about).toEqual([])
  })

  test('a broken promise sorts the ticket first while it runs, not while it is pending; that it was broken stays', async () => {
    const monday = nextMonday(t)
    const id = await open()
    await answer(id)
    await desk.agent.forge.tickets.setPriority({ id, priority: 'urgent' })
    pass(4 * DAY)
    await write(id)
    expect(near((await clocksOf(desk.agent, id)).nextDueAt)).toBe(near(new Date(monday.getTime() + 3 * DAY)))
    await answer(id, 'pending')
    expect(await clocksOf(desk.agent, id)).toMatchObject({
      resolutionDueAt: null,
      nextDueAt: null,
      breached: true,
      resolution: { state: 'breached' },
    })
  })

  test('a question that was answered too late is remembered when the next one is answered in time', async () => {
    nextMonday(t)
    const id = await open()
    await answer(id)
    await write(id)
    pass(3 * DAY)
    await answer(id)
    await write(id)
    await answer(id)
    expect(await clocksOf(desk.agent, id)).toMatchObject({ breached: true, next: { cycle: 2, state: 'met' } })
    expect(await breachesOf(t, id)).toMatchObject([{ metric: 'next_response', cycle: 1 }])
  })

  test('changes that promise nothing leave the clocks alone', async () => {
    nextMonday(t)
    const id = await open()
    const before = await clocksOf(desk.agent, id)
    await desk.agent.forge.tickets.note({ id, body: 'Hm.' })
    await desk.agent.forge.tickets.claim({ id })
    await desk.agent.forge.tickets.assign({ id, agentId: null })
    const after = await clocksOf(desk.agent, id)
    expect([after.firstResponseDueAt, after.resolutionDueAt]).toEqual([
      before.firstResponseDueAt,
      before.resolutionDueAt,
    ])
  })

  test('a ticket whose clocks nobody kept gets them with its next change', async () => {
    const monday = nextMonday(t)
    const id = await open()
    await answer(id)
    pass(HOUR)
    await write(id)
    await t.deps
      .sql`update tickets set sla = null, resolution_due_at = null, next_due_at = null where id = ${id}`
    pass(HOUR)
    await desk.agent.forge.tickets.note({ id, body: 'Hm.' })
    const { first, next, resolution } = await clocksOf(desk.agent, id)
    expect([first?.state, next?.state, resolution?.state]).toEqual(['met', 'running', 'running'])
    expect(near(next?.startedAt)).toBe(near(new Date(monday.getTime() + HOUR)))
    expect(near(resolution?.startedAt)).toBe(near(monday))
  })
})
