import { listen } from '@devforge/server/listener'
import { createStripeSandbox, type StripeSandbox } from '@devforge/server/sandbox/stripe/index'
import Stripe from 'stripe'
import { WEBHOOK_SECRET } from '../support/app.ts'

export const STRIPE_KEY = 'sk_test_faults1234567890'
/** Redeliveries come soon: a restart takes about a second. */
const RETRY_DELAYS_MS = Array.from({ length: 60 }, () => 250)

/** Answers that are kept back: Stripe has done what was asked, and the server does not know. */
interface Held {
  /** Resolves when the first answer is there and waits. */
  reached: Promise<void>
  /** Lets them go, also those that come later. */
  release(): void
}

/** Stripe's stand-in on a port of the test process: it lives on when the server is killed. */
export interface StripeWorld extends AsyncDisposable {
  url: string
  sandbox: StripeSandbox
  /** Asks the stand-in what it has, past everything that is held. */
  client: Stripe
  /** Keeps back every answer to requests like `POST /v1/refunds`; a trailing `*` matches the rest. */
  holdAnswers(match: string): Held
  /** Calls to the API so far: `POST /v1/refunds`. */
  calls: string[]
  /** How the server answered deliveries, by HTTP status; 0 when nobody answered. */
  deliveries: number[]
}

export async function startStripe(webhookUrls: string[]): Promise<StripeWorld> {
  const port = await listen({ HOST: '127.0.0.1', PORT: 0 })
  const holds: { match: string; hit(): void; released: Promise<void> }[] = []
  const calls: string[] = []
  const deliveries: number[] = []
  const sandbox = createStripeSandbox({
    file: ':memory:',
    url: port.url,
    webhooks: webhookUrls.map((url) => ({ url, secret: WEBHOOK_SECRET })),
    retryDelaysMs: RETRY_DELAYS_MS,
    fetch: async (input, init) => {
      try {
        const response = await fetch(input, init)
        deliveries.push(response.status)
        return response
      } catch (error) {
        deliveries.push(0)
        throw error
      }
    },
  })
  port.attach(async (request) => {
    const name = `${request.method} ${new URL(request.url).pathname}`
    calls.push(name)
    const response = await sandbox.app.fetch(request)
    for (const hold of holds) {
      const hit = hold.match.endsWith('*') ? name.startsWith(hold.match.slice(0, -1)) : name === hold.match
      if (!hit) continue
      hold.hit()
      await hold.released
    }
    return response
  })
  return {
    url: port.url,
    sandbox,
    client: new Stripe(STRIPE_KEY, { httpClient: Stripe.createFetchHttpClient(sandbox.fetch) }),
    calls,
    deliveries,
    holdAnswers(match) {
      const reached = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      holds.push({ match, hit: reached.resolve, released: released.promise })
      return {
        reached: reached.promise,
        release() {
          holds.splice(0, holds.length, ...holds.filter((hold) => hold.released !== released.promise))
          released.resolve()
        },
      }
    },
    async [Symbol.asyncDispose]() {
      await port.close(0)
      await sandbox.close()
    },
  }
}
