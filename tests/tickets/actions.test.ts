import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'
import { failure } from '../support/errors.ts'
import { fingerprint, licensed } from '../support/licenses.ts'
import { buy } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'

const LICENSE_KEY = /DF-(?:[0-9A-Z]{5}-){4}[0-9A-Z]{5}/

describe('what agents do inside a ticket', () => {
  let t: TestApp
  let desk: Desk
  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  /** Somebody with a license on a machine, and a ticket about it. */
  async function stuck(owner?: Person) {
    const customer = owner ?? (await signUp(t))
    const { licenseId, key } = await licensed(t, { owner: customer, admin: desk.admin })
    const { device } = await t.forge().licenses.activate({ key, fingerprint: fingerprint() })
    const { id } = await customer.forge.tickets.create({ ...aTicket(), links: { licenseId } })
    return { customer, id, licenseId, key, deviceId: device.id }
  }
  async function paid() {
    const customer = await signUp(t)
    const { paymentId, licenseId } = await buy(t, customer, { plan: 'pro' })
    const { id } = await customer.forge.tickets.create({ ...aTicket(), links: { paymentId } })
    return { customer, id, paymentId, licenseId }
  }

  test('a device is freed, and stands with ticket and reason in the license’s history', async () => {
    const { customer, id, licenseId, deviceId } = await stuck()
    const { links } = await desk.agent.forge.tickets.freeDevice({
      id,
      deviceId,
      reason: 'The laptop was stolen',
    })
    expect(links.licenses).toMatchObject([{ id: licenseId, devicesInUse: 0, devices: [] }])
    expect((await customer.forge.licenses.get({ id: licenseId })).devicesInUse).toBe(0)
    const [event] = (await customer.forge.licenses.events({ licenseId })).items
    expect(event).toMatchObject({
      type: 'device.deactivated',
      actor: 'agent',
      reason: 'The laptop was stolen',
      cause: id,
      before: { deviceId },
    })
    const [audit] = await t.deps
      .sql`select actor, reason, after from audit_log where action = 'license.device_freed' and subject = ${licenseId}`
    expect(audit).toEqual({
      actor: `agent:${desk.agent.id}`,
      reason: 'The laptop was stolen',
      after: { deviceId, ticketId: id },
    })
    const events = await t.deps
      .sql`select type, after from ticket_events where ticket_id = ${id} and type like 'license.%'`
    expect([...events]).toEqual([{ type: 'license.device_freed', after: { licenseId, deviceId } }])
    expect(await failure(desk.agent.forge.tickets.freeDevice({ id, deviceId, reason: 'x' }))).toBe(
      'DEVICE_NOT_FOUND',
    )
  })

  test('another key goes to its owner by mail, and to nobody else', async () => {
    const { customer, id, licenseId, key } = await stuck()
    const answer = await desk.agent.forge.tickets.reissueKey({ id, licenseId, reason: 'It was in a video' })
    expect(JSON.stringify(answer)).not.toMatch(LICENSE_KEY)
    expect(await t.drain()).toEqual([])
    const mail = (await t.mails(customer.email)).find((one) => /new license key/i.test(one.subject))
    const sent = LICENSE_KEY.exec(mail?.text ?? '')?.[0] ?? ''
    expect(sent).toMatch(LICENSE_KEY)
    expect(sent).not.toBe(key)
    expect(JSON.stringify(await t.mails(desk.agent.email))).not.toMatch(LICENSE_KEY)
    expect((await t.forge().licenses.validate({ key })).valid).toBe(false)
    expect((await t.forge().licenses.validate({ key: sent })).valid).toBe(true)
    for (const path of [answer, await desk.agent.forge.tickets.get({ id })])
      expect(JSON.stringify(path)).not.toContain(sent)
    const [event] = (await customer.forge.licenses.events({ licenseId })).items
    expect(event).toMatchObject({ type: 'license.key_reissued', cause: id, reason: 'It was in a video' })
  })

  test('only what the ticket is about, and only while it is the customer’s', async () => {
    const mine = await stuck()
    const other = await stuck()
    const { agent } = desk
    const act = (ticket: string, licenseId: string, deviceId: string) =>
      Promise.all([
        failure(agent.forge.tickets.reissueKey({ id: ticket, licenseId, reason: 'x' })),
        failure(agent.forge.tickets.freeDevice({ id: ticket, deviceId, reason: 'x' })),
      ])
    // Somebody else's, named in this ticket.
    expect(await act(mine.id, other.licenseId, other.deviceId)).toEqual(['NOT_FOUND', 'DEVICE_NOT_FOUND'])
    // The customer's own, but not linked.
    const second = await licensed(t, { owner: mine.customer, admin: desk.admin })
    const { device } = await t.forge().licenses.activate({ key: second.key, fingerprint: fingerprint() })
    expect(await act(mine.id, second.licenseId, device.id)).toEqual(['NOT_FOUND', 'DEVICE_NOT_FOUND'])
    // Given away since.
    await mine.customer.forge.licenses.transfer({ licenseId: mine.licenseId, toEmail: other.customer.email })
    expect(await act(mine.id, mine.licenseId, mine.deviceId)).toEqual(['NOT_FOUND', 'DEVICE_NOT_FOUND'])
    // Nobody handles the own case, nor one that is closed.
    const own = await stuck(agent)
    expect(await act(own.id, own.licenseId, own.deviceId)).toEqual(['NOT_FOUND', 'NOT_FOUND'])
    await other.customer.forge.tickets.solve({ id: other.id })
    const { version } = await desk.admin.forge.tickets.get({ id: other.id })
    await desk.admin.forge.tickets.transition({ id: other.id, to: 'closed', version })
    expect(await act(other.id, other.licenseId, other.deviceId)).toEqual(['TICKET_CLOSED', 'TICKET_CLOSED'])
    // Customers do not come in by this door.
    expect(
      await failure(
        mine.customer.forge.tickets.reissueKey({ id: mine.id, licenseId: second.licenseId, reason: 'x' }),
      ),
    ).toBe('FORBIDDEN')
    const [{ count } = {}] = await t.deps
      .sql`select count(*)::int from license_events where type = 'license.key_reissued' and license_id in ${t.deps.sql([mine.licenseId, other.licenseId, second.licenseId, own.licenseId])}`
    expect(count).toBe(0)
  })

  test('of ten who free one device, one does', async () => {
    const { id, deviceId, licenseId } = await stuck()
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, () => desk.agent.forge.tickets.freeDevice({ id, deviceId, reason: 'x' })),
    )
    expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
    const events = await t.deps
      .sql`select 1 from license_events where license_id = ${licenseId} and type = 'device.deactivated'`
    expect(events).toHaveLength(1)
  })

  test('an agent asks for a refund, an admin grants it; the ticket is in the payment’s history', async () => {
    const { customer, id, paymentId, licenseId } = await paid()
    const { agent, admin } = desk
    const input = { id, paymentId, amountMinor: 10_000, reason: 'It broke twice' }
    const asked = await Promise.all(Array.from({ length: 5 }, () => agent.forge.tickets.requestRefund(input)))
    expect(new Set(asked.map((request) => request.id)).size).toBe(1)
    const [request] = asked
    expect(request).toMatchObject({ status: 'open', amountMinor: 10_000, refundId: null })
    // Nothing moved, and the customer is promised nothing.
    expect((await customer.forge.payments.get({ id: paymentId })).refundedMinor).toBe(0)
    expect(JSON.stringify(await customer.forge.tickets.get({ id }))).not.toContain('broke twice')
    expect(await failure(agent.forge.tickets.refundRequests())).toBe('FORBIDDEN')
    expect(
      await failure(
        agent.forge.tickets.decideRefund({ requestId: request?.id ?? '', decision: 'granted', reason: 'me' }),
      ),
    ).toBe('FORBIDDEN')
    const { items } = await admin.forge.tickets.refundRequests({ status: 'open' })
    expect(items).toMatchObject([
      {
        id: request?.id,
        ticketId: id,
        paymentId,
        requestedBy: agent.name,
        currency: 'usd',
        paidMinor: 49_900,
      },
    ])
    const decision = { requestId: request?.id ?? '', decision: 'granted' as const, reason: 'Right' }
    const tries = await Promise.allSettled([1, 2, 3].map(() => admin.forge.tickets.decideRefund(decision)))
    const won = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(won.every((one) => one.status === 'granted')).toBe(true)
    expect(await t.drain()).toEqual([])
    const refunds = await t.deps
      .sql`select id, amount_minor::int as amount from refunds where payment_id = ${paymentId}`
    expect(refunds).toMatchObject([{ id: won[0]?.refundId, amount: 10_000 }])
    expect((await customer.forge.payments.get({ id: paymentId })).refundedMinor).toBe(10_000)
    expect((await customer.forge.licenses.get({ id: licenseId })).status).toBe('active')
    const history = await t.deps
      .sql`select type, cause, after->>'ticketId' as ticket from payment_events where payment_id = ${paymentId} and type like 'refund.requested%' order by id`
    expect([...history]).toEqual([
      { type: 'refund.requested_by_agent', cause: id, ticket: null },
      { type: 'refund.requested', cause: won[0]?.refundId, ticket: id },
    ])
    const events = await t.deps
      .sql`select type, is_public from ticket_events where ticket_id = ${id} and type like 'refund.%' order by sequence`
    expect([...events]).toEqual([
      { type: 'refund.requested', is_public: false },
      { type: 'refund.granted', is_public: false },
    ])
  })

  test('an admin declines, or refunds at once; a double click does it once', async () => {
    const { customer, id, paymentId } = await paid()
    const { agent, admin } = desk
    const asked = await agent.forge.tickets.requestRefund({ id, paymentId, reason: 'He wants it' })
    expect(
      await admin.forge.tickets.decideRefund({ requestId: asked.id, decision: 'declined', reason: 'No' }),
    ).toMatchObject({ status: 'declined', refundId: null, decidedReason: 'No' })
    expect(
      await failure(
        admin.forge.tickets.decideRefund({ requestId: asked.id, decision: 'granted', reason: 'x' }),
      ),
    ).toBe('REFUND_REQUEST_DECIDED')
    const input = { id, paymentId, amountMinor: 500, reason: 'Goodwill', idempotencyKey: 'goodwill-1' }
    const made = await Promise.all([1, 2, 3].map(() => admin.forge.tickets.requestRefund(input)))
    expect(new Set(made.map((request) => request.refundId)).size).toBe(1)
    expect(made[0]).toMatchObject({ status: 'granted', amountMinor: 500 })
    expect(await t.drain()).toEqual([])
    expect((await customer.forge.payments.get({ id: paymentId })).refundedMinor).toBe(500)
    expect(
      await failure(admin.forge.tickets.requestRefund({ id, paymentId, amountMinor: 49_900, reason: 'x' })),
    ).toBe('REFUND_EXCEEDS_PAYMENT')
    const open = await t.deps.sql`select 1 from refund_requests where ticket_id = ${id} and status = 'open'`
    expect(open).toEqual([])
  })

  test('a payment of somebody else, or one that is not linked, is not there', async () => {
    const [one, two] = [await paid(), await paid()]
    for (const person of [desk.agent, desk.admin]) {
      const ask = (id: string, paymentId: string) =>
        failure(person.forge.tickets.requestRefund({ id, paymentId, reason: 'x' }))
      expect(await ask(one.id, two.paymentId)).toBe('NOT_FOUND')
      const bare = await one.customer.forge.tickets.create(aTicket())
      expect(await ask(bare.id, one.paymentId)).toBe('NOT_FOUND')
    }
    expect(
      await t.deps
        .sql`select 1 from refunds where payment_id in ${t.deps.sql([one.paymentId, two.paymentId])}`,
    ).toEqual([])
  })
})
