import { procedures } from '@devforge/server/http/procedures'
import { generateLicenseKey } from '@devforge/server/modules/licenses/license-key'
import { appRouter } from '@devforge/server/router'
import type { RequestContext } from '@devforge/server/trpc'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttpApp, HTTP_URL, type HttpApp } from './support.ts'

// What stands in the place of tRPC's own adapter and procedure loop must answer as they do.

let t: HttpApp
let authorization: string
let contextOf: (request: Request) => RequestContext
beforeAll(async () => {
  t = await createHttpApp()
  authorization = await t.signIn()
  contextOf = (request) => ({
    deps: t.deps,
    db: t.deps.db,
    actor: { type: 'anonymous' },
    requestId: request.headers.get('x-request-id') ?? '',
    ip: '127.0.0.1',
    userAgent: null,
    authorization: request.headers.get('authorization'),
    log: t.deps.log,
    afterCommit: (effect) => effect(),
  })
})
afterAll(() => t[Symbol.asyncDispose]())

interface Case {
  name: string
  path: string
  body?: unknown
  signedIn?: boolean
}

const key = generateLicenseKey()
const unknown = { json: { key } }
const cases: Case[] = [
  { name: 'a query by GET', path: `licenses.validate?input=${encodeURIComponent(JSON.stringify(unknown))}` },
  { name: 'a query by POST', path: 'licenses.validate', body: unknown },
  { name: 'a batch of one, as the SDK asks', path: 'licenses.validate?batch=1', body: { 0: unknown } },
  {
    name: 'a batch with good and bad calls',
    path: 'licenses.validate,licenses.list,no.such,licenses.validate?batch=1',
    body: { 0: unknown, 1: { json: {} }, 2: { json: 1 }, 3: { json: { key: 7 } } },
  },
  {
    name: 'a batch by GET',
    path: `payments.plans,licenses.validate?batch=1&input=${encodeURIComponent(JSON.stringify({ 0: { json: {} }, 1: unknown }))}`,
  },
  { name: 'a batch whose calls all fail', path: 'a.b,c.d?batch=1', body: {} },
  { name: 'dates in the answer', path: 'users.me', body: { json: {} }, signedIn: true },
  { name: 'without input where none is needed', path: 'payments.plans' },
  { name: 'a mutation', path: 'users.update', body: { json: { name: 'Grace' } }, signedIn: true },
  { name: 'an unknown procedure', path: 'no.such' },
  { name: 'input that breaks the schema', path: 'licenses.validate', body: { json: { key: 1, more: true } } },
  { name: 'no input where one is needed', path: 'licenses.validate' },
  { name: 'nobody where somebody must be signed in', path: 'licenses.list', body: { json: {} } },
  { name: 'a customer where only admins may', path: 'licenses.search', body: { json: {} }, signedIn: true },
  {
    name: 'an error of a service, with details',
    path: 'licenses.get',
    body: { json: { id: 'lic_x' } },
    signedIn: true,
  },
  { name: 'a mutation by GET', path: 'auth.signUp?input=%7B%22json%22%3A%7B%7D%7D' },
]

const requestOf = ({ path, body, signedIn }: Case): Request =>
  new Request(`${HTTP_URL}/trpc/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'x-request-id': 'the-same-request',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(signedIn ? { authorization } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

describe('answers over HTTP are those of tRPC', () => {
  test.each(cases)('$name', async (given) => {
    const request = requestOf(given)
    const theirs = await fetchRequestHandler({
      endpoint: '/trpc',
      req: request,
      router: appRouter,
      createContext: () => contextOf(request),
      allowMethodOverride: true,
    })
    const ours = await t.app.request(requestOf(given))
    expect(await ours.json()).toEqual(await theirs.json())
    expect(ours.status).toBe(theirs.status)
    expect(ours.headers.get('content-type')).toBe(theirs.headers.get('content-type'))
  })
})

describe('procedures run as tRPC runs them', () => {
  /** At one moment, so that answers which tell the time can be compared. */
  const now = new Date()
  const ctx = (): RequestContext => ({
    ...contextOf(new Request(HTTP_URL, { headers: { authorization } })),
    deps: { ...t.deps, clock: { now: () => now } },
  })
  const outcome = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      (value) => ({ value }),
      (error: Error & { code?: string }) => ({
        code: error.code,
        message: error.message,
        cause: error.cause,
      }),
    )

  const record = appRouter._def.procedures as unknown as Record<string, (call: object) => Promise<unknown>>

  test('every procedure, with input that hardly any takes', async () => {
    for (const [path, { type, call }] of procedures) {
      const theirs = record[path]
      if (!theirs) throw new Error(`tRPC does not know ${path}`)
      for (const input of [null, { unexpected: true }]) {
        const options = {
          path,
          type,
          ctx: ctx(),
          getRawInput: async () => input,
          signal: undefined,
          batchIndex: 0,
        }
        const [a, b] = await Promise.all([outcome(call(ctx(), input)), outcome(theirs(options))])
        expect(a, path).toEqual(b)
      }
    }
  })

  test('a context that a procedure narrows is its own: the next call does not see it', async () => {
    const shared = ctx()
    const mine = procedures.get('users.me')
    await mine?.call(shared, {})
    expect(shared.actor).toEqual({ type: 'anonymous' })
  })
})
