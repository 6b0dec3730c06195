import type { Context, Hono } from 'hono'
import Stripe from 'stripe'
import type { Deps } from '../deps.ts'
import { handledEvents } from '../modules/payments/events.ts'
import { storeEvent } from '../modules/payments/queries/intake.ts'
import { isLiveKey } from '../modules/payments/stripe/api.ts'
import type { HttpEnv } from './context.ts'

export const WEBHOOK_PATH = '/webhooks/stripe'

/** How far a signature's time may be from ours, on either side. */
const TOLERANCE_SECONDS = 300
/** Events are some kilobytes; the largest of Stripe's own are far below this. */
const MAX_BODY_BYTES = 1_000_000

type Refusal = 'closed' | 'too_large' | 'bad_signature' | 'bad_event' | 'wrong_mode'
const STATUS: Record<Refusal, 400 | 404 | 413> = {
  closed: 404,
  too_large: 413,
  bad_signature: 400,
  bad_event: 400,
  wrong_mode: 400,
}

/**
 * Where Stripe delivers: raw body → signature → one transaction (event and job) → 200. Nothing is acknowledged that is
 * not stored; whatever goes wrong after the signature is answered with 5xx by the app's error handler, and Stripe
 * delivers again. https://docs.stripe.com/webhooks
 */
export function mountStripeWebhook(app: Hono<HttpEnv>, deps: Deps): void {
  app.post(WEBHOOK_PATH, async (c) => {
    const outcome = await receive(deps, c)
    deps.metrics.webhooks.inc({ outcome })
    if (outcome in STATUS) return c.json({ error: outcome }, STATUS[outcome as Refusal])
    return c.json({ received: true })
  })
}

async function receive(
  deps: Deps,
  c: Context<HttpEnv>,
): Promise<Refusal | 'received' | 'ignored' | 'quarantined' | 'known'> {
  const secrets = (deps.env.STRIPE_WEBHOOK_SECRETS ?? []).filter((secret) => secret.trim() !== '')
  if (secrets.length === 0 || !deps.env.STRIPE_SECRET_KEY) return 'closed'
  const body = await readBody(c)
  if (body === null) return 'too_large'
  const now = deps.clock.now()
  const event = await verify(body, c.req.header('stripe-signature') ?? '', secrets, now)
  if (!event) return 'bad_signature'
  if (typeof event.id !== 'string' || typeof event.type !== 'string' || typeof event.created !== 'number') {
    return 'bad_event'
  }
  if (event.livemode !== isLiveKey(deps.env.STRIPE_SECRET_KEY)) return 'wrong_mode'
  const status = statusOf(event)
  const isNews = await storeEvent(deps.sql, deps.jobs, {
    id: event.id,
    type: event.type,
    apiVersion: event.api_version,
    livemode: event.livemode,
    body,
    status,
    occurredAt: new Date(event.created * 1000),
    receivedAt: now,
  })
  return isNews ? status : 'known'
}

/** Written for one version of Stripe's API: what another one says is kept for people to look at. */
function statusOf(event: Stripe.Event): 'received' | 'ignored' | 'quarantined' {
  if (event.api_version !== Stripe.API_VERSION) return 'quarantined'
  return Object.hasOwn(handledEvents, event.type) ? 'received' : 'ignored'
}

/** The bytes as they came: a signature is over them, not over what they mean. */
async function readBody(c: Context<HttpEnv>): Promise<string | null> {
  const declared = Number(c.req.header('content-length') ?? 0)
  if (declared > MAX_BODY_BYTES) return null
  const bytes = Buffer.from(await c.req.arrayBuffer())
  return bytes.byteLength > MAX_BODY_BYTES ? null : bytes.toString('utf8')
}

/** The event, if one of the secrets signed it in the last or next minutes. */
async function verify(
  body: string,
  header: string,
  secrets: string[],
  now: Date,
): Promise<Stripe.Event | null> {
  // Stripe's package refuses the past, but not the future.
  const signedAt = signedAtOf(header)
  if (signedAt === null || signedAt - Math.floor(now.getTime() / 1000) > TOLERANCE_SECONDS) return null
  for (const secret of secrets) {
    try {
      return await Stripe.webhooks.constructEventAsync(
        body,
        header,
        secret,
        TOLERANCE_SECONDS,
        undefined,
        now.getTime(),
      )
    } catch (error) {
      if (error instanceof Stripe.errors.StripeSignatureVerificationError) continue
      if (error instanceof SyntaxError) return null
      throw error
    }
  }
  return null
}

/** `t` of the header, read as Stripe's package reads it: the last one counts. */
function signedAtOf(header: string): number | null {
  const times = header.split(',').flatMap((part) => {
    const [name, value] = part.split('=')
    return name === 't' ? [Number.parseInt(value ?? '', 10)] : []
  })
  const last = times.at(-1)
  return last !== undefined && Number.isSafeInteger(last) ? last : null
}
