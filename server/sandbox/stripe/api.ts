import { Hono, type Context as HonoContext } from 'hono'
import type { Engine } from './engine.ts'
import { faultAnswer, invalid, StripeFault } from './errors.ts'
import type { Faults } from './faults.ts'
import { fingerprintOf, keyInUse, saveAnswer, savedAnswer } from './idempotency.ts'
import { randomText } from './ids.ts'
import { includableOf } from './includable.ts'
import { decodeForm, Params } from './params.ts'
import { present } from './present.ts'
import { ROUTES } from './routes/index.ts'
import type { Route } from './routing.ts'
import { API_VERSION } from './version.ts'

interface Answer {
  status: number
  body: string
  requestId: string
  replayed?: boolean
}

const MAX_BODY_BYTES = 1024 * 1024

/** The JSON API under /v1: key → idempotency → one transaction → expansion → answer, then what the answer set off. */
export function createApi(engine: Engine, faults: Faults, afterwards: () => void): Hono {
  const app = new Hono()
  const inFlight = new Set<string>()
  for (const route of ROUTES) {
    app.on(route.method.toUpperCase(), route.path, async (c) => {
      const requestId = `req_${randomText(14)}`
      try {
        return respond(c, await handle(c, route, requestId))
      } catch (error) {
        return respond(c, failure(error, requestId, engine.url))
      } finally {
        engine.runDue(engine.now())
        afterwards()
      }
    })
  }

  async function handle(c: HonoContext, route: Route, requestId: string): Promise<Answer> {
    authenticate(c.req.header('authorization'))
    const body = route.method === 'post' ? await c.req.text() : ''
    if (body.length > MAX_BODY_BYTES) throw invalid('The request is too large.')
    const key = route.method === 'post' ? c.req.header('idempotency-key') : undefined
    const account = c.req.header('stripe-account') ?? ''
    const path = new URL(c.req.url).pathname
    const fingerprint = fingerprintOf(route.method, path, body)
    const lock = `${account}\n${key}`
    if (key !== undefined) {
      if (inFlight.has(lock)) throw keyInUse(key)
      const saved = savedAnswer(engine.store, key, account, fingerprint, engine.now())
      if (saved) return { ...saved, replayed: true }
      inFlight.add(lock)
    }
    try {
      const fault = await faults.strike(route.method, path)
      if (fault) throw fault
      engine.runDue(engine.now())
      return engine.store.transaction(() => {
        const answer = run(c, route, { requestId, key, account, body })
        // Only what was executed is kept: a refused parameter may be corrected under the same key.
        const executed = answer.status < 400 || answer.status === 402
        if (key !== undefined && executed) {
          saveAnswer(engine.store, key, account, fingerprint, answer, engine.now())
        }
        return answer
      })
    } finally {
      if (key !== undefined) inFlight.delete(lock)
    }
  }

  function run(
    c: HonoContext,
    route: Route,
    request: { requestId: string; key: string | undefined; account: string; body: string },
  ): Answer {
    const version = c.req.header('stripe-version')
    const ctx = engine.context({
      account: request.account,
      requestId: request.requestId,
      idempotencyKey: request.key ?? null,
      pinned: version !== undefined,
    })
    if (version !== undefined && !/^\d{4}-\d{2}-\d{2}/.test(version)) {
      throw invalid(`Invalid Stripe API version: ${version.slice(0, 50)}`)
    }
    if (request.account) engine.context().get('account', request.account)
    const params = new Params(
      decodeForm(route.method === 'post' ? request.body : new URL(c.req.url).search.slice(1)),
    )
    const expand = params.strings('expand') ?? []
    try {
      const answer = route.run({ ctx, params, path: (name) => c.req.param(name) ?? '', engine })
      const shown = present(engine.store, includableOf(ctx), answer, expand)
      return { status: 200, body: JSON.stringify(shown, null, 2), requestId: request.requestId }
    } catch (error) {
      // A declined charge stays on record, so its error is the transaction's result.
      if (error instanceof StripeFault && error.commits) return failure(error, request.requestId, engine.url)
      throw error
    }
  }

  return app
}

function respond(c: HonoContext, answer: Answer): Response {
  const key = c.req.header('idempotency-key')
  return c.body(answer.body, answer.status as 200, {
    'content-type': 'application/json',
    'request-id': answer.requestId,
    'stripe-version': c.req.header('stripe-version') ?? API_VERSION,
    ...(c.req.header('stripe-account') ? { 'stripe-account': c.req.header('stripe-account') } : {}),
    ...(key ? { 'idempotency-key': key } : {}),
    ...(answer.replayed ? { 'idempotent-replayed': 'true', 'original-request': answer.requestId } : {}),
    // The SDK would otherwise retry errors that a retry cannot mend.
    ...(answer.status >= 400 && answer.status < 500 && answer.status !== 409 && answer.status !== 429
      ? { 'stripe-should-retry': 'false' }
      : {}),
  })
}

function failure(error: unknown, requestId: string, url: string): Answer {
  const fault =
    error instanceof StripeFault
      ? error
      : new StripeFault(500, {
          type: 'api_error',
          message: `The sandbox failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        })
  return {
    status: fault.status,
    body: JSON.stringify(faultAnswer(fault, requestId, url), null, 2),
    requestId,
  }
}

/** Bearer, or basic with the key as user name; test keys only. */
function authenticate(header: string | undefined): void {
  if (!header) {
    throw new StripeFault(401, {
      type: 'invalid_request_error',
      message:
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    })
  }
  const [scheme = '', value = ''] = header.split(' ', 2)
  const key =
    scheme.toLowerCase() === 'basic'
      ? (Buffer.from(value, 'base64').toString('utf8').split(':')[0] ?? '')
      : value
  if (/^(sk|rk)_test_\w{4,}$/.test(key)) return
  const live = /^(sk|rk)_live_/.test(key)
  throw new StripeFault(401, {
    type: 'invalid_request_error',
    message: live ? 'The sandbox takes test keys only.' : `Invalid API Key provided: ${masked(key)}`,
  })
}

function masked(key: string): string {
  return key.length < 12 ? '*'.repeat(key.length) : `${key.slice(0, 7)}${'*'.repeat(8)}${key.slice(-4)}`
}
