import { createHash } from 'node:crypto'
import { StripeFault } from './errors.ts'
import type { Store } from './store.ts'

/** Stripe forgets keys after at least 24 hours. https://docs.stripe.com/api/idempotent_requests */
const KEPT_SECONDS = 24 * 3600
const MAX_KEY_LENGTH = 255

export interface SavedAnswer {
  status: number
  body: string
  requestId: string
}

export function fingerprintOf(method: string, path: string, body: string): string {
  return createHash('sha256').update(`${method} ${path}\n${body}`).digest('hex')
}

/** The answer given before under this key; throws when the key was used for something else. */
export function savedAnswer(
  store: Store,
  key: string,
  account: string,
  fingerprint: string,
  now: number,
): SavedAnswer | undefined {
  if (key.length > MAX_KEY_LENGTH) {
    throw new StripeFault(400, {
      type: 'idempotency_error',
      message: `Idempotency keys can be at most ${MAX_KEY_LENGTH} characters long.`,
    })
  }
  store.prepare('DELETE FROM idempotency WHERE created < ?').run(now - KEPT_SECONDS)
  const row = store.prepare('SELECT * FROM idempotency WHERE key = ? AND account = ?').get(key, account)
  if (!row) return undefined
  if (row.fingerprint !== fingerprint) {
    throw new StripeFault(400, {
      type: 'idempotency_error',
      message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
    })
  }
  return { status: Number(row.status), body: String(row.body), requestId: String(row.request_id) }
}

export function saveAnswer(
  store: Store,
  key: string,
  account: string,
  fingerprint: string,
  answer: SavedAnswer,
  now: number,
): void {
  store
    .prepare(
      'INSERT INTO idempotency (key, account, fingerprint, status, body, request_id, created) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    .run(key, account, fingerprint, answer.status, answer.body, answer.requestId, now)
}

export function keyInUse(key: string): StripeFault {
  return new StripeFault(409, {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
  })
}
