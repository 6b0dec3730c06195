import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../../support/app.ts'
import { aTicket, type Desk, openDesk } from '../../support/desk.ts'
import { fingerprint } from '../../support/licenses.ts'
import { buy } from '../../support/payments.ts'
import { type Person, signUp } from '../../support/people.ts'
import { clocksOf, HOUR, near, nextMonday } from './support.ts'

describe('a better plan', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    nextMonday(t)
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const open = async (person: Person) => (await person.forge.tickets.create(aTicket())).id
  const planOf = async (id: string) => (await desk.agent.forge.tickets.get({ id })).desk?.requester.plan
  const give = async (person: Person, plan: string) => {
    const { license } = await desk.admin.forge.licenses.issue({ userId: person.id, plan, reason: 'a gift' })
    expect(await t.drain()).toEqual([])
    return license.id
  }

  test('that is paid for raises open tickets, and counts from their start', async () => {
    const monday = nextMonday(t)
    const ada = await signUp(t)
    const [running, solved, closed, other] = [
      await open(ada),
      await open(ada),
      await open(ada),
      await open(await signUp(t)),
    ]
    await ada.forge.tickets.solve({ id: solved })
    await ada.forge.tickets.solve({ id: closed })
    const { version } = await desk.admin.forge.tickets.get({ id: closed })
    await desk.admin.forge.tickets.transition({ id: closed, to: 'closed', version })
    t.clock.advance(HOUR)
    await buy(t, ada, { plan: 'enterprise' })
    expect(await Promise.all([running, solved, closed, other].map(planOf))).toEqual([
      'enterprise',
      'enterprise',
      'free',
      'free',
    ])
    const { firstResponseDueAt, resolutionDueAt } = await clocksOf(desk.agent, running)
    expect(near(firstResponseDueAt)).toBe(near(new Date(monday.getTime() + 4 * HOUR)))
    expect(resolutionDueAt).not.toBeNull()
    // What is solved is promised by the better plan if it comes back.
    await ada.forge.tickets.reopen({ id: solved })
    expect((await clocksOf(desk.agent, solved)).resolutionDueAt).not.toBeNull()
  })

  test('goes step by step, and never down: what was promised while it was paid for is kept', async () => {
    nextMonday(t)
    const bob = await signUp(t)
    const id = await open(bob)
    await give(bob, 'pro')
    expect(await planOf(id)).toBe('pro')
    const licenseId = await give(bob, 'enterprise')
    const promised = await clocksOf(desk.agent, id)
    await desk.admin.forge.licenses.revoke({ licenseId, reason: 'refunded' })
    await give(bob, 'pro')
    expect(await planOf(id)).toBe('enterprise')
    expect((await clocksOf(desk.agent, id)).firstResponseDueAt).toEqual(promised.firstResponseDueAt)
    expect(await planOf(await open(bob))).toBe('pro')
  })

  test('counts when a suspension ends, and when a license is given to somebody', async () => {
    nextMonday(t)
    const eve = await signUp(t)
    const licenseId = await give(eve, 'pro')
    await desk.admin.forge.licenses.suspend({ licenseId, reason: 'a dispute' })
    const id = await open(eve)
    expect(await planOf(id)).toBe('free')
    await desk.admin.forge.licenses.reinstate({ licenseId, reason: 'settled' })
    expect(await t.drain()).toEqual([])
    expect(await planOf(id)).toBe('pro')

    const friend = await signUp(t)
    const theirs = await open(friend)
    await eve.forge.licenses.transfer({ licenseId, toEmail: friend.email })
    expect(await t.drain()).toEqual([])
    expect(await planOf(theirs)).toBe('pro')
  })

  test('is not a trial', async () => {
    nextMonday(t)
    const tom = await signUp(t)
    const id = await open(tom)
    await tom.forge.licenses.startTrial({ fingerprint: fingerprint() })
    expect(await t.drain()).toEqual([])
    expect(await planOf(id)).toBe('free')
  })
})
