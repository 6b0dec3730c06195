import { errorCatalog } from '@devforge/server/errors'
import { procedures } from '@devforge/server/http/procedures'
import { shapeOf } from '@devforge/server/http/rest/coerce'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttpApp, type HttpApp, json, trpcError } from './support.ts'

let t: HttpApp
beforeAll(async () => {
  t = await createHttpApp({ REQUESTS_PER_MINUTE: '0' })
})
afterAll(() => t[Symbol.asyncDispose]())

const JSON_TYPE = { 'content-type': 'application/json' }

function send(path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  return t.app.request(`/trpc/${path}`, { method: 'POST', body, headers: { ...JSON_TYPE, ...headers } })
}

/** What no object schema with text members can like. None of it is a valid input for any procedure. */
function badInputs(names: string[]): unknown[] {
  const all = (value: unknown) => Object.fromEntries(names.map((name) => [name, value]))
  return [
    42,
    'text',
    [],
    true,
    { json: { unknownMember: 1 } },
    { json: JSON.parse('{"__proto__":{"admin":true},"constructor":1}') },
    { json: [] },
    { json: 'text' },
    { json: 42 },
    ...(names.length === 0
      ? []
      : [
          { json: all({}) },
          { json: all([[[]]]) },
          { json: all('NUL \0 in the middle') },
          { json: all('\ud800 alone') },
          { json: all('x'.repeat(300_000)) },
          { json: { ...all('x'), unknownMember: 1 } },
        ]),
    JSON.parse('{"json":{"a":1},"meta":{"values":{"__proto__":["Date"]}}}'),
    { json: { a: 1 }, meta: { values: { 'a.__proto__.x': ['Date'] } } },
    { json: { a: 1 }, meta: { referentialEqualities: { a: ['constructor.prototype.b'] } } },
    { json: { a: 1 }, meta: 'nonsense' },
  ]
}

test('every procedure refuses every bad input with a typed error, and nothing changes', async () => {
  const authorization = await t.signIn('admin')
  const before = await t.counts()
  const problems: string[] = []
  let sent = 0
  for (const procedure of procedures.values()) {
    const names = Object.keys((procedure.input && shapeOf(procedure.input)) ?? {})
    for (const input of badInputs(names)) {
      const text = JSON.stringify(input)
      const response =
        procedure.type === 'mutation'
          ? await send(procedure.path, text, { authorization })
          : await t.app.request(`/trpc/${procedure.path}?input=${encodeURIComponent(text)}`, {
              headers: { authorization },
            })
      sent++
      const body = await json(response)
      const code: string | undefined = body.error?.json?.data?.code
      // `validate` answers about any text; nothing else may take any of these.
      const answersAnything = procedure.path === 'licenses.validate' && response.status === 200
      const typed = code !== undefined && code in errorCatalog
      if (!answersAnything && (!typed || response.status < 400 || response.status >= 500)) {
        problems.push(`${procedure.path} ${text.slice(0, 80)} → ${response.status} ${code}`)
      }
    }
  }
  expect(problems).toEqual([])
  expect(sent).toBeGreaterThan(procedures.size * 10)
  expect(await t.counts()).toEqual(before)
})

test.each([
  ['truncated JSON', '{"json":{"email":"a@b'],
  ['no JSON', 'email=a@example.com'],
  ['invalid UTF-8', Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['an overlong encoding', Uint8Array.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
  ['a raw NUL', '{"json":{"email":"a\0b"}}'],
  ['an escaped NUL in a name', '{"json":{"a\\u0000b":1}}'],
  ['100,000 levels', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ['100,000 levels of objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
])('%s is INVALID_INPUT', async (_, body) => {
  const response = await send('auth.signIn', body)
  expect(response.status).toBe(400)
  expect(await trpcError(response)).toMatchObject({ code: 'INVALID_INPUT' })
})

test('broken escapes and broken JSON in a query are INVALID_INPUT', async () => {
  for (const query of ['input=%ff', 'input=%7B%22json', 'input=%E0%A4%A', 'input=null%00']) {
    const response = await t.app.request(`/trpc/payments.plans?${query}`)
    expect(response.status, query).toBe(400)
    expect(await trpcError(response)).toMatchObject({ code: 'INVALID_INPUT' })
  }
})

test('what is not JSON is UNSUPPORTED_MEDIA_TYPE: a form on a foreign page cannot call', async () => {
  const body = '{"json":{}}'
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
  ]
  for (const type of types) {
    const response = await send('auth.signIn', body, { 'content-type': type })
    expect(response.status, type).toBe(415)
    expect(await trpcError(response)).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE' })
  }
  const untyped = await t.app.request('/trpc/auth.signIn', {
    method: 'POST',
    body: new TextEncoder().encode(body),
  })
  expect(untyped.status).toBe(415)
  const packed = await send('auth.signIn', body, { 'content-encoding': 'gzip' })
  expect(packed.status).toBe(415)
})

test('a GET cannot change anything', async () => {
  const get = await t.app.request(`/trpc/auth.signUp?input=${encodeURIComponent('{"json":{}}')}`)
  expect(get.status).toBe(405)
  expect(get.headers.get('allow')).toBe('POST')
  expect(await trpcError(get)).toMatchObject({ code: 'METHOD_NOT_ALLOWED' })
  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    const other = await t.app.request('/trpc/auth.signUp', { method, body: '{}', headers: JSON_TYPE })
    expect(other.status, method).toBe(405)
  }
})

test('a batch of 1,000 calls is refused as a whole; one of 20 is not', async () => {
  const batch = (n: number) => Array.from({ length: n }, () => 'payments.plans').join(',')
  const inputs = (n: number) =>
    encodeURIComponent(
      JSON.stringify(Object.fromEntries(Array.from({ length: n }, (_, i) => [i, { json: {} }]))),
    )
  const refused = await t.app.request(`/trpc/${batch(1_000)}?batch=1`)
  expect(refused.status).toBe(400)
  expect(await trpcError(refused)).toMatchObject({ code: 'BATCH_TOO_LARGE', details: { limit: 20 } })
  const taken = await t.app.request(`/trpc/${batch(20)}?batch=1&input=${inputs(20)}`)
  expect(taken.status).toBe(200)
  expect(await taken.json()).toHaveLength(20)
})

test('calls of a batch fail one by one', async () => {
  const response = await t.app.request(
    `/trpc/payments.plans,no.such,licenses.list?batch=1&input=${encodeURIComponent('{"0":{"json":{}}}')}`,
  )
  expect(response.status).toBe(207)
  const [plans, unknown, me] = await json(response)
  expect(plans.result).toBeDefined()
  expect(unknown.error.json.data).toMatchObject({ code: 'NOT_FOUND', httpStatus: 404 })
  expect(me.error.json.data).toMatchObject({ code: 'AUTH_REQUIRED', httpStatus: 401 })
  const notABatch = await send('auth.signIn,auth.signIn?batch=1', '[1,2]')
  expect(notABatch.status).toBe(400)
})

test('names from Object.prototype are no procedures', async () => {
  for (const path of ['constructor', '__proto__', 'toString', 'auth.__proto__', 'auth', '', '%ff']) {
    const response = await t.app.request(`/trpc/${path}`)
    expect([400, 404], path).toContain(response.status)
  }
})

test('a body of 10 MB is refused by its length, and one without a length while it arrives', async () => {
  const big = 'x'.repeat(10 * 1024 * 1024)
  const declared = await send('auth.signIn', big, { 'content-length': String(big.length) })
  expect(declared.status).toBe(413)
  expect(await trpcError(declared)).toMatchObject({
    code: 'PAYLOAD_TOO_LARGE',
    details: { limitBytes: 1024 * 1024 },
  })

  let pulled = 0
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 64 * 1024
      controller.enqueue(new Uint8Array(64 * 1024).fill(0x20))
    },
  })
  const streamed = await t.app.request('/trpc/auth.signIn', {
    method: 'POST',
    body: endless,
    duplex: 'half',
    headers: JSON_TYPE,
  } as RequestInit)
  expect(streamed.status).toBe(413)
  expect(pulled).toBeLessThan(2 * 1024 * 1024)
})
