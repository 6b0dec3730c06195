import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStripeSandbox } from '@devforge/server/sandbox/stripe/index'
import Stripe from 'stripe'
import { expect, test } from 'vitest'
import { clientFor, newPrice, newSession, openBench, SECRET, WEBHOOK_URL } from './support/sandbox.ts'

const AUTH = { authorization: 'Bearer sk_test_1234567890abcdef' }

test('keys are checked: none, wrong, live, basic, restricted', async () => {
  await using bench = openBench()
  const status = async (authorization?: string) =>
    (await bench.sandbox.app.request('/v1/customers', authorization ? { headers: { authorization } } : {}))
      .status
  expect(await status()).toBe(401)
  expect(await status('Bearer nonsense')).toBe(401)
  expect(await status('Bearer sk_live_1234567890')).toBe(401)
  expect(await status('Bearer rk_test_1234567890')).toBe(200)
  expect(await status(`Basic ${Buffer.from('sk_test_1234567890:').toString('base64')}`)).toBe(200)
  const body = await (
    await bench.sandbox.app.request('/v1/customers', {
      headers: { authorization: 'Bearer sk_test-wrong-key-1234' },
    })
  ).text()
  expect(body).not.toContain('wrong')
})

test('unknown routes and ids answer with an error object and a request id', async () => {
  await using bench = openBench()
  const answer = await bench.sandbox.app.request('/v1/nothing/here', { headers: AUTH })
  expect(answer.status).toBe(404)
  expect(answer.headers.get('request-id')).toMatch(/^req_\w+$/)
  expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
  await expect(bench.stripe.customers.retrieve('cus_none')).rejects.toMatchObject({
    statusCode: 404,
    code: 'resource_missing',
    param: 'id',
    doc_url: 'https://docs.stripe.com/error-codes#resource-missing',
    requestId: expect.stringMatching(/^req_/),
  })
  await expect(bench.stripe.customers.search({ query: 'x' })).rejects.toThrow(/does not support search/)
})

/** With the fetch client the SDK hands out the fetch response itself. */
function replayed({ lastResponse }: { lastResponse: object }): string | null {
  return lastResponse instanceof Response ? lastResponse.headers.get('idempotent-replayed') : 'not a response'
}

test('an idempotency key replays the first answer, and refuses other parameters', async () => {
  await using bench = openBench()
  const { stripe } = bench
  const options = { idempotencyKey: 'key-1' }
  const first = await stripe.customers.create({ email: 'a@example.com' }, options)
  const second = await stripe.customers.create({ email: 'a@example.com' }, options)
  expect(second).toEqual(first)
  expect(replayed(second)).toBe('true')
  expect(replayed(first)).toBeNull()
  await expect(stripe.customers.create({ email: 'b@example.com' }, options)).rejects.toBeInstanceOf(
    Stripe.errors.StripeIdempotencyError,
  )
  expect((await stripe.customers.list()).data).toHaveLength(1)
  const [created] = bench.sandbox.events({ type: 'customer.created' })
  expect(created?.request).toEqual({ id: first.lastResponse.requestId, idempotency_key: 'key-1' })
})

test('a declined charge is replayed too, but refused parameters may be mended under the same key', async () => {
  await using bench = openBench()
  const pay = (amount: number, key: string, method: string) =>
    bench.stripe.paymentIntents.create(
      { amount, currency: 'usd', payment_method: method, confirm: true },
      { idempotencyKey: key },
    )
  await expect(pay(500, 'k1', 'pm_card_visa_chargeDeclined')).rejects.toMatchObject({
    decline_code: 'generic_decline',
  })
  await expect(pay(500, 'k1', 'pm_card_visa_chargeDeclined')).rejects.toMatchObject({
    decline_code: 'generic_decline',
  })
  expect(bench.sandbox.events({ type: 'charge.failed' })).toHaveLength(1)
  await expect(pay(1, 'k2', 'pm_card_visa')).rejects.toMatchObject({ code: 'amount_too_small' })
  expect((await pay(500, 'k2', 'pm_card_visa')).status).toBe('succeeded')
})

test('a key in flight answers 409; parallel calls make one object', async () => {
  await using bench = openBench()
  bench.sandbox.disturb({ match: 'POST /v1/customers', delayMs: 60 })
  const slow = bench.stripe.customers.create({}, { idempotencyKey: 'busy' })
  await new Promise((resolve) => setTimeout(resolve, 20))
  await expect(bench.stripe.customers.create({}, { idempotencyKey: 'busy' })).rejects.toMatchObject({
    statusCode: 409,
    code: 'idempotency_key_in_use',
  })
  const customer = await slow
  expect((await bench.stripe.customers.create({}, { idempotencyKey: 'busy' })).id).toBe(customer.id)
})

test('an outage to order: 500 and 429, nothing executed', async () => {
  await using bench = openBench()
  bench.sandbox.disturb({ match: 'POST /v1/*', status: 500 })
  await expect(bench.stripe.customers.create({})).rejects.toBeInstanceOf(Stripe.errors.StripeAPIError)
  bench.sandbox.disturb({ match: 'POST /v1/*', status: 429 })
  await expect(bench.stripe.customers.create({})).rejects.toBeInstanceOf(Stripe.errors.StripeRateLimitError)
  expect((await bench.stripe.customers.list()).data).toEqual([])
})

test('lists page both ways, filter by time, and auto-paginate', async () => {
  await using bench = openBench()
  const { stripe } = bench
  const ids: string[] = []
  for (let index = 0; index < 7; index++)
    ids.unshift((await stripe.customers.create({ name: `n${index}` })).id)
  const first = await stripe.customers.list({ limit: 3 })
  expect(first).toMatchObject({ has_more: true, url: '/v1/customers' })
  expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 3))
  const second = await stripe.customers.list({ limit: 3, starting_after: ids[2] })
  expect(second.data.map(({ id }) => id)).toEqual(ids.slice(3, 6))
  const back = await stripe.customers.list({ limit: 2, ending_before: ids[5] })
  expect(back).toMatchObject({ has_more: true })
  expect(back.data.map(({ id }) => id)).toEqual(ids.slice(3, 5))
  const all = await stripe.customers.list({ limit: 2 }).autoPagingToArray({ limit: 100 })
  expect(all.map(({ id }) => id)).toEqual(ids)
  const since = Math.floor(bench.sandbox.now().getTime() / 1000)
  await bench.sandbox.advance({ days: 2 })
  await stripe.customers.create({ name: 'later' })
  expect(
    (await stripe.customers.list({ created: { gte: since + 86_400 } })).data.map(({ name }) => name),
  ).toEqual(['later'])
  expect((await stripe.events.list({ type: 'customer.*', limit: 2 })).has_more).toBe(true)
  await expect(stripe.customers.list({ limit: 101 })).rejects.toMatchObject({ param: 'limit' })
  await expect(stripe.customers.list({ starting_after: 'cus_no' })).rejects.toMatchObject({
    param: 'starting_after',
  })
})

test('metadata merges, unsets one key, unsets all', async () => {
  await using bench = openBench()
  const { stripe } = bench
  const { id } = await stripe.customers.create({ metadata: { a: '1', b: '2' } })
  expect((await stripe.customers.update(id, { metadata: { b: '', c: '3' } })).metadata).toEqual({
    a: '1',
    c: '3',
  })
  const [updated] = bench.sandbox.events({ type: 'customer.updated' })
  expect(updated?.data.previous_attributes).toEqual({ metadata: { b: '2', c: null } })
  expect((await stripe.customers.update(id, { metadata: '' })).metadata).toEqual({})
  await expect(stripe.customers.update(id, { metadata: { ['k'.repeat(41)]: 'x' } })).rejects.toThrow(
    /40 characters/,
  )
})

test('expand follows lists and nested members, and refuses what cannot be expanded', async () => {
  await using bench = openBench()
  const { stripe } = bench
  const session = await newSession(stripe, { customer_creation: 'always' })
  await bench.sandbox.pay(session.id, { card: '4242424242424242' })
  const list = await stripe.checkout.sessions.list({
    expand: ['data.customer', 'data.payment_intent.latest_charge.refunds'],
  })
  expect(list.data[0]).toMatchObject({
    customer: { object: 'customer' },
    payment_intent: { latest_charge: { object: 'charge', refunds: { object: 'list', data: [] } } },
  })
  await expect(stripe.checkout.sessions.retrieve(session.id, { expand: ['amount'] })).rejects.toThrow(
    /cannot be expanded/,
  )
  await expect(stripe.checkout.sessions.retrieve(session.id, { expand: ['a.b.c.d.e'] })).rejects.toThrow(
    /more than 4 levels/,
  )
})

test('parameters: unknown, missing, malformed, and the CLI form of arrays', async () => {
  await using bench = openBench()
  const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
    const answer = await bench.sandbox.app.request(path, {
      method: 'POST',
      headers: { ...AUTH, ...headers },
      body,
    })
    return (await answer.json()) as {
      id?: string
      error?: { code?: string; param?: string; message: string }
    }
  }
  expect((await post('/v1/customers', 'emial=a')).error).toMatchObject({
    code: 'parameter_unknown',
    param: 'emial',
  })
  expect((await post('/v1/prices', 'currency=usd&product=x')).error).toMatchObject({
    code: 'parameter_missing',
    param: 'unit_amount',
  })
  expect((await post('/v1/payment_intents', 'amount=abc&currency=usd')).error).toMatchObject({
    code: 'parameter_invalid_integer',
    param: 'amount',
  })
  expect((await post('/v1/customers', '[x]=1')).error?.message).toContain('Invalid parameter name')
  expect((await post('/v1/customers', '__proto__[polluted]=1')).error).toMatchObject({
    code: 'parameter_unknown',
  })
  expect(({} as { polluted?: string }).polluted).toBeUndefined()
  const cli = 'amount=2000&currency=usd&payment_method_types[]=card'
  expect((await post('/v1/payment_intents', cli)).id).toMatch(/^pi_/)
  // Whoever names the present version may not use what it dropped.
  const pinned = { 'stripe-version': '2026-10-28.endive' }
  expect((await post('/v1/payment_intents', cli, pinned)).error).toMatchObject({ code: 'parameter_unknown' })
})

test('lookup keys find prices, and move only when asked to', async () => {
  await using bench = openBench()
  const first = await newPrice(bench.stripe, { lookup_key: 'pro' })
  await expect(newPrice(bench.stripe, { lookup_key: 'pro' })).rejects.toThrow(/already uses that lookup key/)
  const second = await newPrice(bench.stripe, { lookup_key: 'pro', transfer_lookup_key: true })
  const found = await bench.stripe.prices.list({ lookup_keys: ['pro', 'other'], active: true })
  expect(found.data.map(({ id }) => id)).toEqual([second.id])
  expect((await bench.stripe.prices.retrieve(first.id)).lookup_key).toBeNull()
  expect(found.data[0]?.unit_amount_decimal?.toString()).toBe('49900')
})

test('events: failed deliveries are tried again, and can be made by hand with any secret or time', async () => {
  await using bench = openBench()
  bench.answers.push(500, 'refuse')
  const customer = await bench.stripe.customers.create({})
  await bench.sandbox.settled()
  expect(bench.received).toEqual([])
  await expect.poll(() => bench.types(), { timeout: 3000 }).toEqual(['customer.created'])
  const [event] = bench.sandbox.events()
  expect(event).toMatchObject({
    object: 'event',
    livemode: false,
    pending_webhooks: 1,
    data: { object: { id: customer.id } },
  })
  expect(await bench.stripe.events.retrieve(event?.id ?? '')).toMatchObject({ type: 'customer.created' })
  const verify = new Stripe('sk_test_x').webhooks
  const check = async (request: Request) =>
    verify.constructEventAsync(await request.text(), request.headers.get('stripe-signature') ?? '', SECRET)
  const id = event?.id ?? ''
  await expect(check(bench.sandbox.signedRequest(id))).resolves.toMatchObject({ id })
  await expect(check(bench.sandbox.signedRequest(id, { secret: 'whsec_other' }))).rejects.toThrow()
  await expect(
    check(bench.sandbox.signedRequest(id, { secret: `whsec_other ${SECRET}` })),
  ).resolves.toMatchObject({ id })
  const old = Math.floor(Date.now() / 1000) - 301
  await expect(check(bench.sandbox.signedRequest(id, { timestamp: old }))).rejects.toThrow(/tolerance/)
  expect(await bench.sandbox.deliver(id, { times: 5 })).toHaveLength(5)
})

test('endpoints made by call get their own secret, and only what they asked for', async () => {
  await using bench = openBench({ webhooks: [] })
  const endpoint = await bench.stripe.webhookEndpoints.create({
    url: WEBHOOK_URL,
    enabled_events: ['product.created'],
  })
  expect(endpoint.secret).toMatch(/^whsec_/)
  expect((await bench.stripe.webhookEndpoints.retrieve(endpoint.id)).secret).toBeUndefined()
  await bench.stripe.customers.create({})
  const [created] = bench.sandbox.events({ type: 'customer.created' })
  expect(created?.pending_webhooks).toBe(0)
})

test('state survives closing and opening the same file, deliveries included', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stripe-sandbox-'))
  const file = join(folder, 'state.sqlite')
  const options = {
    file,
    url: 'http://127.0.0.1:4242',
    webhooks: [{ url: WEBHOOK_URL, secret: SECRET }],
    retryDelaysMs: [30, 30],
  }
  const down = createStripeSandbox({ ...options, fetch: async () => new Response('', { status: 503 }) })
  const session = await newSession(clientFor(down))
  await down.advance({ days: 0 })
  const before = down.now()
  await down.settled()
  await down.close()
  const arrived: string[] = []
  const up = createStripeSandbox({
    ...options,
    fetch: async (input) => {
      arrived.push(((await new Request(input).json()) as { type: string }).type)
      return new Response('')
    },
  })
  try {
    expect((await clientFor(up).checkout.sessions.retrieve(session.id)).status).toBe('open')
    expect(up.now().getTime()).toBeGreaterThanOrEqual(before.getTime())
    await expect.poll(() => arrived.sort(), { timeout: 3000 }).toEqual(['price.created', 'product.created'])
    expect((await up.pay(session.id, { card: '4242424242424242' })).status).toBe(303)
  } finally {
    await up.close()
    await rm(folder, { recursive: true })
  }
})

test('no card number reaches the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stripe-sandbox-'))
  const file = join(folder, 'state.sqlite')
  const sandbox = createStripeSandbox({ file, url: 'http://127.0.0.1:4242' })
  const stripe = clientFor(sandbox)
  await sandbox.pay((await newSession(stripe)).id, { card: '5555555555554444' })
  await sandbox.pay((await newSession(stripe)).id, { card: 'bank_debit:000123456789' })
  await sandbox.close()
  const { readdir, readFile } = await import('node:fs/promises')
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name))
    expect(bytes.includes('4444')).toBe(true)
    expect(bytes.includes('5555555555554444')).toBe(false)
    expect(bytes.includes('000123456789')).toBe(false)
  }
  await rm(folder, { recursive: true })
})
