import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'
import { failure } from '../support/errors.ts'
import { placeExtension } from '../support/extensions.ts'
import { fingerprint, licensed } from '../support/licenses.ts'
import { buy } from '../support/payments.ts'
import { signUp } from '../support/people.ts'

describe('what a ticket is about', () => {
  let t: TestApp
  let desk: Desk
  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  test('the customer links what is theirs, and agents see what they need of it', async () => {
    const { customer, agent } = desk
    const { licenseId, paymentId, licenseKey } = await buy(t, customer, { plan: 'pro' })
    const { device } = await t
      .forge()
      .licenses.activate({ key: licenseKey ?? '', fingerprint: fingerprint(), deviceName: 'Laptop' })
    const extension = await placeExtension(t, { owner: await signUp(t), versions: ['1.0.0', '1.2.0'] })
    const ticket = await customer.forge.tickets.create({
      ...aTicket(),
      links: { licenseId, paymentId, extensionId: extension.id.toUpperCase(), extensionVersion: '1.0.0' },
    })
    const seen = await agent.forge.tickets.get({ id: ticket.id })
    expect(seen.desk?.links).toMatchObject({
      licenses: [
        {
          id: licenseId,
          plan: 'pro',
          status: 'active',
          keyHint: expect.stringMatching(/^[0-9A-Z]{5}$/),
          devicesInUse: 1,
          devices: [{ id: device.id, name: 'Laptop' }],
        },
      ],
      payments: [{ id: paymentId, amountMinor: 49_900, currency: 'usd', status: 'succeeded' }],
      extensions: [
        {
          id: extension.id,
          installedVersion: '1.0.0',
          latestVersion: '1.2.0',
          publisher: extension.publisher,
        },
      ],
      articles: [],
      tickets: [],
    })
    expect(JSON.stringify(seen)).not.toContain(licenseKey)
    const own = await customer.forge.tickets.get({ id: ticket.id })
    expect(own.desk).toBeNull()
    expect(own.links).toEqual(
      expect.arrayContaining([
        { kind: 'license', id: licenseId, version: null },
        { kind: 'payment', id: paymentId, version: null },
        { kind: 'extension', id: extension.id, version: '1.0.0' },
      ]),
    )
  })

  test('what is somebody else’s answers like what never was, for customers and for agents', async () => {
    const { customer, agent } = desk
    const other = await signUp(t)
    const theirs = await buy(t, other, { plan: 'pro' })
    const hidden = await placeExtension(t, { owner: other, status: 'hidden' })
    const learned = async (promise: Promise<unknown>, id: string): Promise<string> => {
      const error = (await promise.then(
        () => ({}),
        (reason: unknown) => reason,
      )) as Record<string, unknown>
      return JSON.stringify([error.code, error.message, error.details]).replaceAll(id, '<id>')
    }
    const cases = [
      ['licenseId', theirs.licenseId, 'lic_01aaaaaaaaaaaaaaaaaaaaaaaa'],
      ['paymentId', theirs.paymentId, 'pay_01aaaaaaaaaaaaaaaaaaaaaaaa'],
      ['extensionId', hidden.id, 'nobody.nothing'],
    ] as const
    const { id } = await customer.forge.tickets.create(aTicket())
    const [{ count: before } = {}] = await t.deps.sql`select count(*)::int from tickets`
    for (const [name, real, unknown] of cases) {
      const create = (target: string) =>
        customer.forge.tickets.create({ ...aTicket(), links: { [name]: target } })
      const kind = name === 'licenseId' ? 'license' : name === 'paymentId' ? 'payment' : 'extension'
      const link = (targetId: string) => agent.forge.tickets.link({ id, kind, targetId })
      for (const attempt of [create, link]) {
        expect(await learned(attempt(real), real)).toBe(await learned(attempt(unknown), unknown))
        expect(await failure(attempt(real))).toBe('NOT_FOUND')
      }
    }
    const [{ count } = {}] = await t.deps.sql`select count(*)::int from tickets`
    expect(count).toBe(before)
    await expect(
      customer.forge.tickets.create({ ...aTicket(), links: { extensionVersion: '1.0.0' } }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('agents link and unlink; what leads to others’ tickets the customer does not see', async () => {
    const { customer, agent } = desk
    const { licenseId } = await licensed(t, { owner: customer })
    const other = await (await signUp(t)).forge.tickets.create(aTicket('The same at mine'))
    const { id } = await customer.forge.tickets.create(aTicket())
    await agent.forge.tickets.link({ id, kind: 'license', targetId: licenseId })
    await agent.forge.tickets.link({ id, kind: 'license', targetId: licenseId })
    await agent.forge.tickets.link({ id, kind: 'article', targetId: 'art_x' })
    const { links } = await agent.forge.tickets.link({ id, kind: 'ticket', targetId: other.id })
    expect(links).toMatchObject({
      licenses: [{ id: licenseId }],
      articles: [{ id: 'art_x' }],
      tickets: [{ id: other.id, number: other.number, subject: 'The same at mine', status: 'new' }],
    })
    const own = await customer.forge.tickets.get({ id })
    // There is no such article, so that nobody knows whether it is for them.
    expect(own.links.map(({ kind }) => kind)).toEqual(['license'])
    expect(JSON.stringify(own)).not.toContain(other.id)
    const { links: left } = await agent.forge.tickets.unlink({ id, kind: 'license', targetId: licenseId })
    expect(left.licenses).toEqual([])
    await agent.forge.tickets.unlink({ id, kind: 'license', targetId: licenseId })
    const events = await t.deps.sql`
      select type, actor, after, is_public from ticket_events where ticket_id = ${id} and type like 'link.%' order by sequence`
    expect(events.map((event) => [event.type, event.after.kind, event.is_public])).toEqual([
      ['link.added', 'license', false],
      ['link.added', 'article', false],
      ['link.added', 'ticket', false],
      ['link.removed', 'license', false],
    ])
    expect(events[0]?.actor).toBe(`agent:${agent.id}`)
  })

  test('a license that was given away is not shown any more', async () => {
    const { customer, agent } = desk
    const { licenseId } = await licensed(t, { owner: customer })
    const { id } = await customer.forge.tickets.create({ ...aTicket(), links: { licenseId } })
    await customer.forge.licenses.transfer({ licenseId, toEmail: (await signUp(t)).email })
    expect((await agent.forge.tickets.get({ id })).desk?.links.licenses).toEqual([])
  })

  test('the same request again is the same ticket, also when what it is about is gone by then', async () => {
    const { customer } = desk
    const { licenseId } = await licensed(t, { owner: customer })
    const input = { ...aTicket(), links: { licenseId }, idempotencyKey: 'linked-once' }
    const { id } = await customer.forge.tickets.create(input)
    await customer.forge.licenses.transfer({ licenseId, toEmail: (await signUp(t)).email })
    expect((await customer.forge.tickets.create(input)).id).toBe(id)
  })
})
