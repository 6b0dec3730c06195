import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Context, Hono } from 'hono'
import type { Deps } from '../deps.ts'
import { takeMail } from '../modules/support/service/mail/receive.ts'
import { createRequestContext, type HttpEnv } from './context.ts'

export const INBOUND_MAIL_PATH = '/webhooks/mail'

/** How far a signature's time may be from ours, on either side. */
const TOLERANCE_SECONDS = 300

type Refusal = 'closed' | 'too_large' | 'bad_signature' | 'empty'
const STATUS: Record<Refusal, 400 | 404 | 413> = {
  closed: 404,
  too_large: 413,
  bad_signature: 400,
  empty: 400,
}

/**
 * Where a mail gateway delivers: the mail as it is (`message/rfc822`), with `devforge-signature: t=<seconds>,v1=<hex>`, which is
 * HMAC-SHA256 of `<t>.` and the bytes. A 200 says that it is kept; anything else that it must be delivered again (5xx) or never (4xx).
 * Stands before the limit for bodies, which counts with JSON; its own is MAX_MAIL_BYTES.
 */
export function mountInboundMail(app: Hono<HttpEnv>, deps: Deps): void {
  app.post(INBOUND_MAIL_PATH, async (c) => {
    c.set('route', 'webhooks.mail')
    const outcome = await receive(deps, c)
    if (outcome in STATUS) return c.json({ error: outcome }, STATUS[outcome as Refusal])
    return c.json({ received: true })
  })
}

async function receive(deps: Deps, c: Context<HttpEnv>): Promise<Refusal | 'received' | 'known'> {
  const secrets = (deps.env.MAIL_INBOUND_SECRETS ?? []).filter((secret) => secret.trim() !== '')
  if (secrets.length === 0) return 'closed'
  const limit = deps.env.MAX_MAIL_BYTES
  if (Number(c.req.header('content-length') ?? 0) > limit) return 'too_large'
  // Whoever has no signature to show is not listened to.
  const signature = signatureOf(c.req.header('devforge-signature') ?? '', deps.clock.now())
  if (!signature) return 'bad_signature'
  const raw = await readBody(c, limit)
  if (raw === null) return 'too_large'
  if (raw.byteLength === 0) return 'empty'
  if (!isSigned(raw, signature, secrets)) return 'bad_signature'
  const request = { requestId: c.get('requestId'), ip: c.get('clientIp') }
  return takeMail(createRequestContext(deps, c, request), raw)
}

/** The bytes as they came, as long as they are not too many. */
async function readBody(c: Context<HttpEnv>, limit: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.byteLength
    if (size > limit) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

interface Signature {
  time: string
  tags: Buffer[]
}

/** During a rotation a gateway may sign twice. */
const MAX_TAGS = 4

/** What a header says, if its time is about now. */
function signatureOf(header: string, now: Date): Signature | undefined {
  const parts = header.split(',').map((part) => part.trim().split('='))
  const time = parts.find(([name]) => name === 't')?.[1] ?? ''
  if (!/^\d{1,12}$/.test(time)) return undefined
  if (Math.abs(now.getTime() / 1_000 - Number(time)) > TOLERANCE_SECONDS) return undefined
  const tags = parts.filter(([name]) => name === 'v1').map(([, value = '']) => Buffer.from(value, 'hex'))
  return tags.length === 0 || tags.length > MAX_TAGS ? undefined : { time, tags }
}

function isSigned(raw: Buffer, { time, tags }: Signature, secrets: string[]): boolean {
  return secrets.some((secret) => {
    const wanted = createHmac('sha256', secret).update(`${time}.`).update(raw).digest()
    return tags.some((tag) => tag.length === wanted.length && timingSafeEqual(tag, wanted))
  })
}
