import { setTimeout as sleep } from 'node:timers/promises'
import { systemContext } from '@devforge/server/context'
import { openTicket } from '@devforge/server/modules/support/service/create'
import { inTx } from '@devforge/server/tx'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../../support/app.ts'
import { aTicket, type Desk, openDesk } from '../../support/desk.ts'
import { signUp } from '../../support/people.ts'
import { clocksOf, HOUR, near, nextMonday } from './support.ts'

describe('a ticket that is being opened', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    nextMonday(t)
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  /** Opens a ticket, and does something else before that is committed. */
  async function whileOpening(
    requesterId: string,
    other: () => Promise<unknown>,
  ): Promise<{ id: string; waited: boolean }> {
    let done = false
    const opened = Promise.withResolvers<Promise<unknown>>()
    const opening = inTx(systemContext(t.deps, { type: 'system', job: 'test' }), async (ctx) => {
      const { ticket } = await openTicket(ctx, { requesterId, source: 'mail', ...aTicket() })
      const doing = other().finally(() => {
        done = true
      })
      opened.resolve(doing)
      // What does not wait is done by then.
      await sleep(1_500)
      return { id: ticket.id, waited: !done }
    })
    const result = await opening
    await await opened.promise
    return result
  }

  test('by a policy that is changed meanwhile is counted anew by the new one', async () => {
    const monday = nextMonday(t)
    const { id, waited } = await whileOpening(desk.customer.id, () =>
      desk.admin.forge.admin.setSlaPolicy({
        plan: 'free',
        priority: 'normal',
        calendarId: 'cal_office',
        firstResponseMinutes: 60,
        nextResponseMinutes: 60,
        resolutionMinutes: null,
      }),
    )
    expect(waited).toBe(true)
    expect(await t.drain()).toEqual([])
    expect(near((await clocksOf(desk.agent, id)).firstResponseDueAt)).toBe(
      near(new Date(monday.getTime() + HOUR)),
    )
  })

  test('by a plan that is bettered meanwhile is raised', async () => {
    nextMonday(t)
    const person = await signUp(t)
    const { id } = await whileOpening(person.id, async () => {
      await desk.admin.forge.licenses.issue({ userId: person.id, plan: 'pro', reason: 'a gift' })
      expect(await t.drain()).toEqual([])
    })
    expect((await desk.agent.forge.tickets.get({ id })).desk?.requester.plan).toBe('pro')
  })
})
