import { createHmac } from 'node:crypto'
import Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { createTestApp, type TestApp, WEBHOOK_SECRET } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { signUp } from '../support/people.ts'
import { booksOf, eventIds, eventStates, pay, start } from './support.ts'

const PATH = '/webhooks/stripe'
const OLD_SECRET = 'whsec_the_one_before_the_rotation'

const eventOf = (values: Record<string, unknown> = {}) => ({
  id: 'evt_made_by_hand',
  object: 'event',
  api_version: Stripe.API_VERSION,
  created: Math.floor(Date.now() / 1000),
  data: { object: { id: 'cus_1', object: 'customer' } },
  livemode: false,
  pending_webhooks: 1,
  request: { id: null, idempotency_key: null },
  type: 'customer.created',
  ...values,
})

const v1 = (body: string, secret: string, at: number) =>
  createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')

interface Delivery {
  body: string
  header: string
}

const signed = (body: string, { secret = WEBHOOK_SECRET, shift = 0, from = Date.now() } = {}): Delivery => {
  const at = Math.floor(from / 1000) + shift
  return { body, header: `t=${at},v1=${v1(body, secret, at)}` }
}

const post = (t: TestApp, { body, header }: Delivery) =>
  t.app.request(PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(header ? { 'stripe-signature': header } : {}) },
    body,
  })

const stored = async (t: TestApp) => (await t.deps.sql`select id from webhook_events`).length

describe('signatures', () => {
  test('300 seconds off is taken; 301 seconds, in the past or in the future, is not', async () => {
    await using t = await createTestApp()
    const now = new Date()
    t.clock.now = () => now
    const answers: Record<number, number> = {}
    for (const shift of [-301, -300, 0, 300, 301]) {
      const body = JSON.stringify(eventOf({ id: `evt_${shift}` }))
      answers[shift] = (await post(t, signed(body, { shift, from: now.getTime() }))).status
    }
    expect(answers).toEqual({ [-301]: 400, [-300]: 200, 0: 200, 300: 200, 301: 400 })
    expect(await stored(t)).toBe(3)
  })

  test('the time is held against the server’s clock, not the machine’s', async () => {
    await using t = await createTestApp()
    const delivery = signed(JSON.stringify(eventOf()))
    t.clock.advance(310_000)
    expect((await post(t, delivery)).status).toBe(400)
    t.clock.advance(-620_000)
    expect((await post(t, delivery)).status).toBe(400)
    expect(await stored(t)).toBe(0)
  })

  test('a re-serialised body, a changed byte, a wrong secret, no header, nonsense: refused, nothing stored', async () => {
    await using t = await createTestApp()
    const pretty = JSON.stringify(eventOf(), null, 2)
    const { header } = signed(pretty)
    const at = Math.floor(Date.now() / 1000)
    const bad: Delivery[] = [
      { header, body: JSON.stringify(JSON.parse(pretty)) },
      { header, body: pretty.replace('cus_1', 'cus_2') },
      { header, body: `${pretty} ` },
      signed(pretty, { secret: 'whsec_somebody_elses' }),
      { header: '', body: pretty },
      { header: 't=,v1=', body: pretty },
      { header: `t=NaN,v1=${v1(pretty, WEBHOOK_SECRET, Number.NaN)}`, body: pretty },
      { header: `t=${at},v0=${v1(pretty, WEBHOOK_SECRET, at)}`, body: pretty },
      { header: `v1=${v1(pretty, WEBHOOK_SECRET, at)}`, body: pretty },
    ]
    for (const delivery of bad) {
      const answer = await post(t, delivery)
      expect(answer.status).toBe(400)
      expect(await answer.json()).toEqual({ error: 'bad_signature' })
    }
    expect(await stored(t)).toBe(0)
    expect((await post(t, { header, body: pretty })).status).toBe(200)
  })

  test('during a rotation both secrets are taken, and a delivery with two v1 values; afterwards the old one is not', async () => {
    await using t = await createTestApp({
      env: { STRIPE_WEBHOOK_SECRETS: `${WEBHOOK_SECRET},${OLD_SECRET}` },
    })
    const bodies = [1, 2, 3].map((n) => JSON.stringify(eventOf({ id: `evt_${n}` })))
    const [one = '', two = '', three = ''] = bodies
    expect((await post(t, signed(one))).status).toBe(200)
    expect((await post(t, signed(two, { secret: OLD_SECRET }))).status).toBe(200)
    const at = Math.floor(Date.now() / 1000)
    const both = `t=${at},v1=${v1(three, 'whsec_the_next_one', at)},v1=${v1(three, OLD_SECRET, at)}`
    expect((await post(t, { body: three, header: both })).status).toBe(200)
    expect(await stored(t)).toBe(3)

    await using after = await createTestApp()
    expect((await post(after, signed(one, { secret: OLD_SECRET }))).status).toBe(400)
  })

  test.each(['', ' , ', '   '])(
    'without a secret (%j) the route is closed, also to an empty signature key',
    async (secrets) => {
      await using t = await createTestApp({ env: { STRIPE_WEBHOOK_SECRETS: secrets } })
      const body = JSON.stringify(eventOf())
      expect((await post(t, signed(body))).status).toBe(404)
      expect((await post(t, signed(body, { secret: ' ' }))).status).toBe(404)
      expect(await stored(t)).toBe(0)
    },
  )

  test('live events to a test key, and test events to a live key, are refused', async () => {
    await using testing = await createTestApp()
    expect((await post(testing, signed(JSON.stringify(eventOf({ livemode: true }))))).status).toBe(400)
    await using live = await createTestApp({ env: { STRIPE_SECRET_KEY: 'sk_live_suite1234567890' } })
    expect((await post(live, signed(JSON.stringify(eventOf({ livemode: false }))))).status).toBe(400)
    expect((await post(live, signed(JSON.stringify(eventOf({ livemode: true }))))).status).toBe(200)
    expect([await stored(testing), await stored(live)]).toEqual([0, 1])
  })

  test('signed nonsense is a 400, a huge body a 413, another method a 404 or 405', async () => {
    await using t = await createTestApp()
    expect((await post(t, signed('not json'))).status).toBe(400)
    expect((await post(t, signed('{}'))).status).toBe(400)
    expect((await post(t, signed('[]'))).status).toBe(400)
    expect((await post(t, signed(JSON.stringify(eventOf({ filler: 'x'.repeat(1_100_000) }))))).status).toBe(
      413,
    )
    expect([404, 405]).toContain((await t.app.request(PATH)).status)
    expect(await stored(t)).toBe(0)
  })
})

describe('what is stored', () => {
  test('an unknown type is stored and acknowledged, with no work behind it', async () => {
    await using t = await createTestApp()
    const body = JSON.stringify(eventOf({ type: 'quantum.entangled' }))
    expect((await post(t, signed(body))).status).toBe(200)
    expect(await t.drain()).toEqual([])
    const [row] = await t.deps.sql`select type, status, payload from webhook_events`
    expect(row).toMatchObject({ type: 'quantum.entangled', status: 'ignored', payload: JSON.parse(body) })
  })

  test('an unknown API version is kept in quarantine, shown to admins, and processed only when one says so', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
    const checkout = await start(t, ada)
    await pay(t, checkout)
    const [id = ''] = eventIds(t, 'checkout.session.completed')
    const event = {
      ...JSON.parse(await t.sandbox.signedRequest(id).text()),
      api_version: '2031-01-01.quince',
    }
    expect((await post(t, signed(JSON.stringify(event)))).status).toBe(200)
    expect(await t.drain()).toEqual([])
    expect(await eventStates(t)).toEqual({ quarantined: 1 })
    expect((await booksOf(t, ada)).licenses).toEqual([])

    const shown = await admin.forge.admin.webhookEvents({ status: 'quarantined' })
    expect(shown.items).toMatchObject([{ id, apiVersion: '2031-01-01.quince', status: 'quarantined' }])
    await admin.forge.admin.replayWebhook({ id })
    expect(await t.drain()).toEqual([])
    expect(await eventStates(t)).toEqual({ processed: 1 })
    expect((await booksOf(t, ada)).licenses).toMatchObject([{ status: 'active' }])
    const [entry] = await t.deps.sql`select actor, subject from audit_log where action = 'webhook.replay'`
    expect(entry).toEqual({ actor: `admin:${admin.id}`, subject: id })
  })

  test('an event that names no version at all goes there too', async () => {
    await using t = await createTestApp()
    await post(t, signed(JSON.stringify(eventOf({ api_version: null }))))
    expect(await eventStates(t)).toEqual({ quarantined: 1 })
  })

  test('events of connected accounts are not mistaken for our own', async () => {
    await using t = await createTestApp()
    const event = eventOf({ type: 'charge.refunded', account: 'acct_1', data: { object: { id: 'ch_1' } } })
    await post(t, signed(JSON.stringify(event)))
    expect(await t.drain()).toEqual([])
    expect(await eventStates(t)).toEqual({ ignored: 1 })
  })
})

describe('failures', () => {
  test('are kept with their cause, retried by themselves, seen and replayed by admins only', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
    const checkout = await start(t, ada)
    await pay(t, checkout)
    const [id = ''] = eventIds(t, 'checkout.session.completed')
    await t.sandbox.deliver(id)
    t.sandbox.disturb({ match: 'GET /v1/checkout/sessions/*', status: 500, times: 3 })
    expect(await t.drain()).toHaveLength(1)
    const failed = await admin.forge.admin.webhookEvents({ status: 'failed' })
    expect(failed.items).toMatchObject([{ id, attempts: 1, processedAt: null }])
    expect(failed.items[0]?.lastError).toMatch(/payment provider does not answer/)
    expect(await failure(ada.forge.admin.webhookEvents())).toBe('FORBIDDEN')
    expect(await failure(ada.forge.admin.replayWebhook({ id }))).toBe('FORBIDDEN')
    expect(await failure(admin.forge.admin.replayWebhook({ id: 'evt_none' }))).toBe('NOT_FOUND')

    await admin.forge.admin.replayWebhook({ id })
    expect(await t.drain()).toEqual([])
    expect((await admin.forge.admin.webhookEvents()).items).toMatchObject([
      { id, status: 'processed', attempts: 2, lastError: null },
    ])
    expect((await booksOf(t, ada)).licenses).toHaveLength(1)
  })

  test('a redelivery of a failed event is another try', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    await pay(t, await start(t, ada))
    const [id = ''] = eventIds(t, 'checkout.session.completed')
    await t.sandbox.deliver(id)
    t.sandbox.disturb({ match: 'GET /v1/checkout/sessions/*', status: 500, times: 3 })
    expect(await t.drain()).toHaveLength(1)
    expect((await t.sandbox.deliver(id)).map((answer) => answer.status)).toEqual([200])
    expect(await t.drain()).toEqual([])
    expect((await booksOf(t, ada)).licenses).toHaveLength(1)
  })

  test('admins page through events', async () => {
    await using t = await createTestApp()
    const admin = await signUp(t, { role: 'admin' })
    for (let n = 0; n < 5; n++) await post(t, signed(JSON.stringify(eventOf({ id: `evt_${n}` }))))
    const seen: string[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await admin.forge.admin.webhookEvents({ limit: 2, ...(cursor ? { cursor } : {}) })
      seen.push(...page.items.map((item) => item.id))
      if (page.nextCursor === null) break
      cursor = page.nextCursor
    }
    expect(seen).toEqual(['evt_4', 'evt_3', 'evt_2', 'evt_1', 'evt_0'])
  })
})
