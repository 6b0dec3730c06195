import { readFileSync } from 'node:fs'
import { procedures } from '@devforge/server/http/procedures'
import { bodyCoercion, parameterCoercion, shapeOf } from '@devforge/server/http/rest/coerce'
import { endpoints } from '@devforge/server/http/rest/endpoints'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createHttpApp, HTTP_URL, type HttpApp, json } from './support.ts'

let t: HttpApp
beforeAll(async () => {
  t = await createHttpApp({ REQUESTS_PER_MINUTE: '0' })
})
afterAll(() => t[Symbol.asyncDispose]())

const JSON_TYPE = { 'content-type': 'application/json' }

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  security: Record<string, string[]>[]
  responses: Record<string, { content?: Record<string, { schema: Record<string, unknown> }> }>
}
interface Document {
  openapi: string
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { securitySchemes: Record<string, unknown>; schemas: Record<string, unknown> }
}
const fetchDocument = async (): Promise<Document> => json(await t.app.request('/openapi.json'))

test('the document is valid OpenAPI 3.1, by a validator that is not ours', async () => {
  const document = await fetchDocument()
  expect(document.openapi).toBe('3.1.0')
  const result = await new Validator().validate({ ...document })
  expect(result.errors).toBeUndefined()
  expect(result.valid).toBe(true)
})

test('it has an operation for every endpoint, with who may call and what may go wrong', async () => {
  const document = await fetchDocument()
  expect(document.servers).toEqual([{ url: `${HTTP_URL}/api/v1` }])
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  expect(operations.map((operation) => operation.operationId).sort()).toEqual(
    // And the uploads, whose bodies are no JSON.
    [
      ...endpoints.map(({ procedure }) => procedure.path),
      'marketplace.submit',
      'tickets.uploadAttachment',
    ].sort(),
  )
  for (const operation of operations) {
    const access = procedures.get(operation.operationId)?.meta.access
    expect(operation.security.length > 0, operation.operationId).toBe(access !== 'public')
    expect(operation.tags.length).toBe(1)
    expect(operation.summary.length).toBeGreaterThan(3)
    const failures = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400)
    expect(failures.map(([status]) => status)).toEqual(expect.arrayContaining(['429', '500', '503']))
    for (const [, response] of failures) {
      expect(response.content?.['application/json']?.schema).toEqual({ $ref: '#/components/schemas/Error' })
    }
  }
  expect(JSON.stringify(document.components.schemas.Error)).toContain('LICENSE_DEVICE_LIMIT')
})

test('dates are ISO 8601 texts in the document', async () => {
  const text = JSON.stringify(await fetchDocument())
  expect(text).toContain('"format":"date-time"')
})

test('every procedure is offered as REST, or says in this list why it is not', () => {
  const offered = new Set(endpoints.map(({ procedure }) => procedure.path))
  const missing = [...procedures.keys()].filter((path) => !offered.has(path))
  // Streams: plain HTTP answers once; what they tell can be asked for (`submission`).
  expect(missing).toEqual(['marketplace.onSubmission', 'tickets.onUpdate'])
})

test('no two endpoints share a method and a path, and every parameter is a member of the input', () => {
  const seen = new Set<string>()
  for (const { openapi, parameters, procedure } of endpoints) {
    const key = `${openapi.method} ${openapi.path.replaceAll(/\{\w+\}/g, '{}')}`
    expect(seen.has(key), key).toBe(false)
    seen.add(key)
    const names = Object.keys((procedure.input && shapeOf(procedure.input)) ?? {})
    for (const parameter of parameters) expect(names, key).toContain(parameter)
  }
})

test('a query answers plain JSON', async () => {
  const response = await t.app.request('/api/v1/payments/plans')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('application/json')
  expect(await json(response)).toMatchObject({ items: expect.any(Array) })
})

test.each([
  ['an unknown member', JSON_TYPE, '{"nonsense":1}', 400, 'INVALID_INPUT'],
  ['truncated JSON', JSON_TYPE, '{"email":"a', 400, 'INVALID_INPUT'],
  ['not an object', JSON_TYPE, '[1,2,3]', 400, 'INVALID_INPUT'],
  ['NUL', JSON_TYPE, '{"email":"a\\u0000@example.com","password":"xxxxxxxxxxxx"}', 400, 'INVALID_INPUT'],
  ['text', { 'content-type': 'text/plain' }, '{}', 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['10 MB', JSON_TYPE, JSON.stringify({ email: 'x'.repeat(10_000_000) }), 413, 'PAYLOAD_TOO_LARGE'],
])('a body with %s is refused with a typed error', async (_, headers, body, status, code) => {
  const response = await t.app.request('/api/v1/auth/sign-in', { method: 'POST', headers, body })
  expect(response.status).toBe(status)
  const { error } = await json(response)
  expect(error).toMatchObject({ code, requestId: response.headers.get('x-request-id') })
  expect(error.message.length).toBeGreaterThan(5)
})

test('an empty body is an empty input', async () => {
  const response = await t.app.request('/api/v1/auth/sign-in', { method: 'POST' })
  expect((await json(response)).error.code).toBe('INVALID_INPUT')
})

test('a wrong method says which are right; an unknown path is not found', async () => {
  const wrong = await t.app.request('/api/v1/payments/plans', { method: 'DELETE' })
  expect(wrong.status).toBe(405)
  expect(wrong.headers.get('allow')).toBe('GET')
  expect((await json(wrong)).error.code).toBe('METHOD_NOT_ALLOWED')
  const unknown = await t.app.request('/api/v1/nothing/here')
  expect(unknown.status).toBe(404)
  expect((await json(unknown)).error.code).toBe('NOT_FOUND')
})

test('signed-in endpoints want a token; what belongs to nobody is not found', async () => {
  const endpoint = endpoints.find(({ procedure }) => procedure.path === 'licenses.get')
  const path = `/api/v1${endpoint?.openapi.path.replace(/\{\w+\}/, 'lic_00000000000000000000000000')}`
  const anonymous = await t.app.request(path)
  expect(anonymous.status).toBe(401)
  expect((await json(anonymous)).error.code).toBe('AUTH_REQUIRED')
  const known = await t.app.request(path, { headers: { authorization: await t.signIn() } })
  expect(known.status).toBe(404)
})

test('REST calls do not loosen what tRPC takes', async () => {
  // trpc-to-openapi's handler does: it makes the shared schemas coerce.
  const headers = { authorization: await t.signIn() }
  await t.app.request('/api/v1/licenses?limit=2', { headers })
  const input = encodeURIComponent('{"json":{"limit":"2"}}')
  const response = await t.app.request(`/trpc/licenses.list?input=${input}`, { headers })
  expect(response.status).toBe(400)
})

test('parameters become what the schema wants, and stay as they are where they do not fit', () => {
  const shape = z.strictObject({
    limit: z.number().default(20),
    active: z.boolean().optional(),
    since: z.date().nullable(),
    plan: z.array(z.enum(['pro', 'free'])).optional(),
    name: z.string(),
  }).shape
  const coerce = parameterCoercion(shape)
  const to = (name: string, ...values: string[]) => coerce.get(name)?.(values)
  expect(to('limit', '20')).toBe(20)
  expect(to('limit', '1e3')).toBe('1e3')
  expect(to('limit', '')).toBe('')
  expect(to('limit', '1', '2')).toEqual(['1', '2'])
  expect(to('active', 'false')).toBe(false)
  expect(to('active', '0')).toBe('0')
  expect(to('since', '2026-01-31T12:00:00Z')).toEqual(new Date('2026-01-31T12:00:00Z'))
  expect(to('since', 'tomorrow')).toBe('tomorrow')
  expect(to('plan', 'pro')).toEqual(['pro'])
  expect(to('plan', 'pro', 'free')).toEqual(['pro', 'free'])
  expect(to('name', '42')).toBe('42')
})

test('dates in bodies are read from ISO texts, wherever they stand, and nothing else is touched', () => {
  const schema = z.union([
    z.strictObject({ until: z.date(), note: z.string() }),
    z.strictObject({ windows: z.array(z.object({ from: z.date() })) }),
  ])
  const coerce = bodyCoercion(schema)
  const iso = '2026-01-31T12:00:00.000Z'
  expect(coerce?.({ until: iso, note: iso })).toEqual({ until: new Date(iso), note: iso })
  expect(coerce?.({ windows: [{ from: iso }, { from: 5 }] })).toEqual({
    windows: [{ from: new Date(iso) }, { from: 5 }],
  })
  expect(coerce?.('text')).toBe('text')
  expect(bodyCoercion(z.strictObject({ a: z.string() }))).toBeUndefined()
  const hostile = JSON.parse(`{"__proto__":{"polluted":true},"until":"${iso}"}`)
  expect(Object.keys(coerce?.(hostile) as object)).toContain('__proto__')
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
})

test('the docs page needs nothing from elsewhere', async () => {
  const page = await t.app.request('/docs')
  const html = await page.text()
  expect(html).not.toMatch(/https?:\/\//)
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).not.toMatch(/https?:/)
  expect(policy).toMatch(/script-src 'self';/)
  const sources = [...html.matchAll(/<script src="([^"]+)"/g)].flatMap((match) => match[1] ?? [])
  expect(sources.length).toBe(2)
  for (const source of sources) {
    const script = await t.app.request(source, { headers: { 'accept-encoding': 'br' } })
    expect(script.status, source).toBe(200)
    expect(script.headers.get('content-type')).toContain('text/javascript')
  }
  expect(readFileSync(new URL('../../server/package.json', import.meta.url), 'utf8')).toContain('@scalar/')
})
