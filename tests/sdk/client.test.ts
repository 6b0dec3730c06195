import { createDevForge, type DevForgeOptions, isDevForgeError } from '@devforge/sdk'
import { describe, expect, test } from 'vitest'
import { answer, deferred, fakeServer, refuse } from './support/fake-server.ts'

const plans = { items: [] }
const client = (server: { fetch: typeof fetch }, options: Partial<DevForgeOptions> = {}) =>
  createDevForge({ url: 'https://forge.test/', fetch: server.fetch, ...options })

const checkout = {
  item: { plan: 'pro' },
  successUrl: 'https://x.test/ok',
  cancelUrl: 'https://x.test/no',
} as const

describe('calls', () => {
  test('queries of one tick share a request, a mutation goes alone, all inputs travel in bodies', async () => {
    const server = fakeServer(() => answer({ list: '', sequence: 0, more: false }))
    const forge = client(server)
    const key = 'DF-01234-56789-ABCDE-FGHJK-MN9TX'
    await Promise.all([
      forge.licenses.revocations({ since: 1 }),
      forge.licenses.validate({ key }),
      forge.licenses.activate({ key, fingerprint: 'machine-1' }),
      forge.licenses.revocations({ since: 2 }, { batch: false }),
    ])
    expect(server.requests).toBe(3)
    const [validate, activate] = ['validate', 'activate'].map((name) =>
      server.calls.find((call) => call.path === `licenses.${name}`),
    )
    const lists = server.calls.filter((call) => call.path === 'licenses.revocations')
    const together = lists.find((call) => (call.input as { since: number }).since === 1)
    const alone = lists.find((call) => (call.input as { since: number }).since === 2)
    expect(validate?.request).toBe(together?.request)
    expect(new Set([validate?.request, activate?.request, alone?.request]).size).toBe(3)
    expect(new Set(server.calls.map((call) => call.method))).toEqual(new Set(['POST']))
    for (const call of server.calls) expect(call.url).not.toMatch(/MN9TX|since/)
    expect(server.calls.find((call) => call.path === 'licenses.validate')?.input).toEqual({ key })
  })

  test('no request carries more than 20 calls', async () => {
    const server = fakeServer(() => answer(plans))
    const forge = client(server)
    await Promise.all(Array.from({ length: 50 }, () => forge.payments.plans()))
    const sizes = new Map<number, number>()
    for (const { request } of server.calls) sizes.set(request, (sizes.get(request) ?? 0) + 1)
    expect(server.calls).toHaveLength(50)
    expect(Math.max(...sizes.values())).toBe(20)
  })

  test('one refused call of a batch leaves the others alone', async () => {
    const server = fakeServer((call) =>
      call.path === 'payments.plans'
        ? answer(plans)
        : refuse('NOT_FOUND', 404, { what: 'license', id: 'lic_1' }),
    )
    const forge = client(server)
    const [good, bad] = await Promise.allSettled([
      forge.payments.plans(),
      forge.licenses.get({ id: 'lic_1' }),
    ])
    expect(good).toEqual({ status: 'fulfilled', value: plans })
    expect(bad).toMatchObject({
      status: 'rejected',
      reason: { code: 'NOT_FOUND', details: { what: 'license' } },
    })
    expect(server.requests).toBe(1)
  })

  test('dates arrive as dates', async () => {
    const at = new Date('2026-02-03T04:05:06.789Z')
    const forge = client(fakeServer(() => answer({ items: [{ at, note: undefined }] })))
    const page = await forge.licenses.events({ licenseId: 'lic_1' })
    expect(page.items[0]?.at).toEqual(at)
  })

  test('a locale and an API token go along', async () => {
    const server = fakeServer(() => answer({ id: 'usr_1' }))
    await client(server, { apiToken: 'dfp_token', locale: 'de' }).users.me()
    expect(server.calls[0]?.token).toBe('dfp_token')
    expect(server.calls[0]?.headers.get('accept-language')).toBe('de')
  })
})

describe('errors', () => {
  const failing = async (fetch: typeof globalThis.fetch, options: Partial<DevForgeOptions> = {}) => {
    const forge = client({ fetch }, { retries: 0, ...options })
    const error: unknown = await forge.payments.plans().catch((caught: unknown) => caught)
    if (!isDevForgeError(error)) throw error
    return error
  }

  test('what the server refuses is typed, with its request id', async () => {
    const server = fakeServer(() => refuse('LICENSE_DEVICE_LIMIT', 409, { limit: 3, devices: [] }))
    const error = await failing(server.fetch)
    expect(error).toMatchObject({ code: 'LICENSE_DEVICE_LIMIT', requestId: 'req_1', httpStatus: 409 })
    expect(isDevForgeError(error, 'LICENSE_DEVICE_LIMIT') && error.details?.limit).toBe(3)
    expect(isDevForgeError(error, 'NOT_FOUND')).toBe(false)
    expect(isDevForgeError(new Error('LICENSE_DEVICE_LIMIT'))).toBe(false)
    expect(isDevForgeError({ code: 'NETWORK' })).toBe(false)
  })

  test.each([
    ['a proxy’s page', 502, 'UNAVAILABLE'],
    ['a load balancer without servers', 503, 'UNAVAILABLE'],
    ['a limiter on the way', 429, 'RATE_LIMITED'],
    ['a gateway that finds the body too large', 413, 'PAYLOAD_TOO_LARGE'],
    ['some other site', 200, 'INTERNAL'],
  ] as const)('%s is no answer of ours', async (_, status, code) => {
    const headers = { 'content-type': 'text/html', 'x-request-id': 'req_9' }
    const error = await failing(async () => new Response('<h1>Hello</h1>', { status, headers }))
    expect(error).toMatchObject({ code, httpStatus: status, requestId: 'req_9' })
  })

  test('a refusal before tRPC, in plain JSON, keeps its code and details', async () => {
    const body = { error: { code: 'RATE_LIMITED', message: 'Slow down.', details: { retryAfterSeconds: 7 } } }
    const error = await failing(async () => Response.json(body, { status: 429 }))
    expect(error).toMatchObject({ code: 'RATE_LIMITED', message: 'Slow down.', retryAfterMs: 7_000 })
  })

  test('JSON that is not tRPC’s is no crash', async () => {
    for (const body of [null, 1, [], {}, { result: 1 }, { error: 'x' }, [null], { error: { json: null } }]) {
      expect((await failing(async () => Response.json(body))).code).toBe('INTERNAL')
    }
  })

  test('no network is NETWORK, with its cause', async () => {
    const cause = new TypeError('fetch failed')
    const error = await failing(async () => {
      throw cause
    })
    expect(error).toMatchObject({ code: 'NETWORK', cause, requestId: null, httpStatus: null })
  })

  test('a broken-off body is NETWORK or INTERNAL, never a bare exception', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('[{"result":'))
        controller.error(new TypeError('terminated'))
      },
    })
    const error = await failing(
      async () => new Response(body, { headers: { 'content-type': 'application/json' } }),
    )
    expect(error.code).toBe('NETWORK')
  })

  test('silence is TIMEOUT', async () => {
    const error = await failing(() => new Promise(() => {}), { timeoutMs: 30 })
    expect(error).toMatchObject({ code: 'TIMEOUT', details: { timeoutMs: 30 } })
  })
})

describe('AbortSignal', () => {
  test('ends a call at once, and reaches the request', async () => {
    const controller = new AbortController()
    const seen = deferred<AbortSignal>()
    const forge = client({
      fetch: (_, init) => {
        if (init?.signal) seen.resolve(init.signal)
        return new Promise(() => {})
      },
    })
    const call = forge.licenses.list({}, { signal: controller.signal })
    const signal = await seen.promise
    controller.abort(new Error('enough'))
    await expect(call).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
    expect(signal.aborted).toBe(true)
  })

  test('ends only its own call of a shared request', async () => {
    const gate = deferred<void>()
    const server = fakeServer(async () => {
      await gate.promise
      return answer(plans)
    })
    const forge = client(server)
    const controller = new AbortController()
    const stays = forge.payments.plans()
    const goes = forge.payments.plans({ signal: controller.signal })
    await expect.poll(() => server.calls.length).toBe(2)
    controller.abort()
    await expect(goes).rejects.toMatchObject({ code: 'ABORTED' })
    gate.resolve()
    expect(await stays).toEqual(plans)
    expect(server.requests).toBe(1)
  })

  test('an aborted signal makes no request', async () => {
    const server = fakeServer(() => answer(plans))
    await expect(client(server).payments.plans({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(server.requests).toBe(0)
  })
})

describe('retries', () => {
  const failingFirst = (times: number, refusal = refuse('UNAVAILABLE', 503)) => {
    let failures = 0
    return fakeServer((call) => {
      if (failures < times) {
        failures++
        return refusal
      }
      return answer(
        call.path === 'payments.plans'
          ? plans
          : { id: 'chk_1', url: 'https://x.test', expiresAt: new Date() },
      )
    })
  }

  test('a query is tried again, at most as often as allowed', async () => {
    const server = failingFirst(2)
    expect(await client(server).payments.plans()).toEqual(plans)
    expect(server.requests).toBe(3)
    const worse = failingFirst(10)
    await expect(client(worse, { retries: 2 }).payments.plans()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    expect(worse.requests).toBe(3)
  })

  test('a mutation without a key is sent once', async () => {
    const server = failingFirst(1)
    await expect(client(server).licenses.deactivate({ deviceId: 'dev_1' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    expect(server.requests).toBe(1)
  })

  test('createCheckout makes a key of its own and repeats it', async () => {
    const server = failingFirst(2)
    await client(server).payments.createCheckout(checkout)
    const keys = server.calls.map((call) => (call.input as { idempotencyKey?: string }).idempotencyKey)
    expect(keys).toHaveLength(3)
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[\w-]{20,}$/)
    const given = failingFirst(0)
    await client(given).payments.createCheckout({ ...checkout, idempotencyKey: 'my-own-key-123' })
    expect(given.calls[0]?.input).toMatchObject({ idempotencyKey: 'my-own-key-123' })
  })

  test('what will not pass by itself is not tried again', async () => {
    const server = failingFirst(1, refuse('INVALID_INPUT', 400, { issues: [] }))
    await expect(client(server).payments.plans()).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    expect(server.requests).toBe(1)
  })

  test('waits as long as the server asks', async () => {
    const server = failingFirst(1, refuse('RATE_LIMITED', 429, { retryAfterSeconds: 0.3 }))
    const before = performance.now()
    await client(server).payments.plans()
    expect(performance.now() - before).toBeGreaterThanOrEqual(295)
  })

  test('does not wait for longer than the call may take: the refusal is the answer, at once', async () => {
    const server = failingFirst(1, refuse('RATE_LIMITED', 429, { retryAfterSeconds: 60 }))
    const before = performance.now()
    await expect(client(server, { timeoutMs: 2_000 }).payments.plans()).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: 60_000,
    })
    expect(performance.now() - before).toBeLessThan(1_000)
  })

  test('a signal ends the waiting too', async () => {
    const server = failingFirst(9, refuse('RATE_LIMITED', 429, { retryAfterSeconds: 5 }))
    const call = client(server).payments.plans({ signal: AbortSignal.timeout(50) })
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' })
    expect(server.requests).toBe(1)
  })
})
