import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttpApp, HTTP_URL, type HttpApp, json, trpcError } from './support.ts'

const EDITOR_PANEL = 'https://panel.example.com'
const LIMIT = 120
let t: HttpApp
beforeAll(async () => {
  t = await createHttpApp({
    CORS_ORIGINS: `${EDITOR_PANEL}, https://other.example.com`,
    TRUSTED_PROXY_HOPS: '1',
    REQUESTS_PER_MINUTE: String(LIMIT),
  })
})
afterAll(() => t[Symbol.asyncDispose]())

const PLANS = `/trpc/payments.plans?input=${encodeURIComponent('{"json":{}}')}`
/** One route of each kind, answered by different code. */
const ROUTES = [
  PLANS,
  '/trpc/no.such',
  '/api/v1/no-such',
  '/health/live',
  '/nowhere',
  '/openapi.json',
  '/docs',
]
let caller = 0
/** A caller that no other test has used up. */
const asSomebody = (headers: Record<string, string> = {}) => ({
  headers: { 'x-forwarded-for': `198.51.100.${++caller}`, ...headers },
})

test.each(ROUTES)('%s has the security headers and a request id', async (path) => {
  const { headers } = await t.app.request(path, asSomebody())
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('x-frame-options')).toBe('DENY')
  // Not `no-referrer` on pages: their forms would send `Origin: null`.
  expect(headers.get('referrer-policy')).toBe(path === '/docs' ? 'same-origin' : 'no-referrer')
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(headers.get('x-request-id')).toMatch(/^[\w-]{8,}$/)
  // Not over plain HTTP, where it means nothing.
  expect(headers.get('strict-transport-security')).toBeNull()
})

test('over https the browser is told to stay there', async () => {
  await using secure = await createHttpApp({ PUBLIC_URL: 'https://api.example.com' })
  for (const path of [PLANS, '/health/live']) {
    const { headers } = await secure.app.request(path)
    expect(headers.get('strict-transport-security')).toContain('max-age=')
  }
})

test('a sane request id is kept, in the answer, the error and the log; any other is replaced', async () => {
  const given = 'editor-4711-abcdef'
  for (const path of ['/trpc/no.such', '/nowhere']) {
    const response = await t.app.request(path, asSomebody({ 'x-request-id': given }))
    expect(response.headers.get('x-request-id')).toBe(given)
    const body = await json(response)
    expect(body.error.json?.data.requestId ?? body.error.requestId).toBe(given)
  }
  expect(t.log.filter((line) => line.requestId === given)).toHaveLength(2)
  for (const bad of ['short', 'x'.repeat(65), 'has spaces in it', 'a"b,c:d}e\\f']) {
    const { headers } = await t.app.request(PLANS, asSomebody({ 'x-request-id': bad }))
    expect(headers.get('x-request-id')).not.toBe(bad)
  }
})

test('one line per request, without the query that may hold a license key', async () => {
  const key = 'DF-AAAAA-BBBBB-CCCCC-DDDDD-EEEEE'
  const before = t.log.length
  const input = encodeURIComponent(JSON.stringify({ json: { key } }))
  await t.app.request(`/trpc/licenses.validate?input=${input}`, asSomebody())
  await t.app.request(`/nowhere?key=${key}`, asSomebody())
  await t.app.request(`/nowhere/${key}/${key.toLowerCase()}`, asSomebody())
  const lines = t.log.slice(before)
  expect(lines).toHaveLength(3)
  expect(lines[0]).toMatchObject({
    msg: 'request',
    method: 'GET',
    path: '/trpc/licenses.validate',
    route: 'licenses.validate',
    status: 200,
    ip: `198.51.100.${caller - 2}`,
  })
  expect(lines[1]).toMatchObject({ path: '/nowhere', route: 'other', status: 404, error: 'NOT_FOUND' })
  expect(JSON.stringify(lines)).not.toContain('BBBBB')
})

test.each(['/trpc/auth.signIn', '/api/v1/auth/sign-in'])(
  '%s: CORS is for listed origins only',
  async (path) => {
    const ask = (origin: string) =>
      t.app.request(path, {
        method: 'OPTIONS',
        ...asSomebody({
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        }),
      })
    const listed = await ask(EDITOR_PANEL)
    expect(listed.status).toBe(204)
    expect(listed.headers.get('access-control-allow-origin')).toBe(EDITOR_PANEL)
    expect(listed.headers.get('access-control-allow-methods')).toContain('POST')
    expect(listed.headers.get('access-control-allow-headers')).toContain('authorization')
    expect(listed.headers.get('access-control-allow-credentials')).toBeNull()
    expect(listed.headers.get('vary')).toContain('Origin')

    for (const origin of [
      'https://evil.example.com',
      'null',
      `${EDITOR_PANEL}.evil.example`,
      'file://',
      HTTP_URL,
    ]) {
      const refused = await ask(origin)
      expect(refused.status, origin).toBe(403)
      expect(refused.headers.get('access-control-allow-origin'), origin).toBeNull()
    }
  },
)

test.each(['/trpc/auth.signIn', '/api/v1/auth/sign-in'])(
  '%s: a foreign page cannot change anything',
  async (path) => {
    const post = (origin: string | undefined) =>
      t.app.request(path, {
        method: 'POST',
        body: '{"json":{}}',
        ...asSomebody({ 'content-type': 'application/json', ...(origin ? { origin } : {}) }),
      })
    for (const origin of ['https://evil.example.com', 'null', 'http://devforge.test.evil.example']) {
      const response = await post(origin)
      expect(response.status, origin).toBe(403)
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
      const body = await json(response)
      expect(body.error.json?.data.code ?? body.error.code).toBe('FORBIDDEN')
    }
    // Our own pages, listed ones, and programs without an origin get as far as their input.
    for (const origin of [HTTP_URL, EDITOR_PANEL, undefined]) {
      const response = await post(origin)
      expect(response.status, origin).toBe(400)
      expect(response.headers.get('access-control-allow-origin')).toBe(
        origin === EDITOR_PANEL ? origin : null,
      )
    }
  },
)

test('reading is possible from anywhere, but only listed pages see the answer', async () => {
  const foreign = await t.app.request(PLANS, asSomebody({ origin: 'https://evil.example.com' }))
  expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
  const listed = await t.app.request(PLANS, asSomebody({ origin: EDITOR_PANEL }))
  expect(listed.headers.get('access-control-allow-origin')).toBe(EDITOR_PANEL)
  expect(listed.headers.get('access-control-expose-headers')).toContain('x-request-id')
})

test('one address cannot flood; a spoofed X-Forwarded-For does not make it another', async () => {
  const flood = (i: number, path = PLANS) =>
    t.app.request(path, { headers: { 'x-forwarded-for': `10.1.${i}.1, 192.0.2.77` } })
  for (let i = 0; i < LIMIT; i++) expect((await flood(i)).status).toBe(200)
  // On a slow machine a token or two have come back meanwhile.
  const untilRefused = async (path: string): Promise<Response> => {
    for (let i = 0; ; i++) {
      const response = await flood(LIMIT + i, path)
      if (response.status === 429 || i === LIMIT) return response
    }
  }
  const refused = await untilRefused(PLANS)
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await trpcError(refused)).toMatchObject({
    code: 'RATE_LIMITED',
    details: { retryAfterSeconds: expect.any(Number) },
  })
  const rest = await untilRefused('/api/v1/nowhere')
  expect(rest.status).toBe(429)
  expect(Number(rest.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await json(rest)).error.code).toBe('RATE_LIMITED')
  // Probes and Stripe are never turned away, nor is anybody else.
  expect((await flood(502, '/health/live')).status).toBe(200)
  expect((await t.app.request(PLANS, asSomebody())).status).toBe(200)
})

test('calls of a batch count one by one', async () => {
  const path = `/trpc/${Array.from({ length: 20 }, () => 'payments.plans').join(',')}?batch=1`
  const somebody = asSomebody()
  const statuses: number[] = []
  for (let i = 0; i < LIMIT / 20 + 1; i++) statuses.push((await t.app.request(path, somebody)).status)
  expect(statuses.filter((status) => status === 429)).toHaveLength(1)
})

test('the first page leads on, and every link on it works', async () => {
  const page = await t.app.request('/', asSomebody({ accept: 'text/html' }))
  const links = [...(await page.text()).matchAll(/href="([^"]+)"/g)].flatMap((match) => match[1] ?? [])
  expect(links).toContain('/docs')
  const local = { headers: {} }
  for (const link of links) expect((await t.app.request(link, local)).status, link).toBe(200)
})

test('a browser gets a page where there is nothing, a program gets JSON', async () => {
  const page = await t.app.request('/no/such/page', asSomebody({ accept: 'text/html,*/*' }))
  expect(page.status).toBe(404)
  expect(page.headers.get('content-type')).toContain('text/html')
  expect(page.headers.get('content-security-policy')).not.toContain('script-src')
  const plain = await t.app.request('/no/such/page', asSomebody())
  expect((await json(plain)).error).toMatchObject({ code: 'NOT_FOUND', details: { what: 'route' } })
})

test('without a proxy in front, X-Forwarded-For is not read', async () => {
  await using bare = await createHttpApp()
  await bare.app.request(PLANS, { headers: { 'x-forwarded-for': '198.51.100.200' } })
  expect(bare.log.at(-1)).toMatchObject({ msg: 'request', ip: '127.0.0.1' })
})
