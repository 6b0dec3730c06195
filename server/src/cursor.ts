import { createHash } from 'node:crypto'
import type { Secrets } from './crypto/secrets.ts'
import { AppError } from './errors.ts'

/** Where a page ended, as the list itself needs to know it. */
export type CursorPlace = (string | number)[]

const TAG_BYTES = 12

const tagOf = (secrets: Secrets, asked: string, payload: string): Buffer =>
  secrets
    .hmac('cursor', `${createHash('sha256').update(asked).digest('hex')}.${payload}`)
    .subarray(0, TAG_BYTES)

/** A cursor that is good for the same question only. @param asked all that makes the question, without the page */
export function sealCursor(secrets: Secrets, asked: string, place: CursorPlace): string {
  const payload = Buffer.from(JSON.stringify(place)).toString('base64url')
  return `${payload}.${tagOf(secrets, asked, payload).toString('base64url')}`
}

/** @throws INVALID_INPUT for a cursor that was made up, changed, or given out for another question */
export function openCursor(secrets: Secrets, asked: string, cursor: string): CursorPlace {
  const [payload = '', tag = '', ...more] = cursor.split('.')
  const wanted = tagOf(secrets, asked, payload)
  // What it guards is only where a list goes on, so that the time it takes to compare tells nothing worth knowing.
  if (more.length === 0 && wanted.equals(Buffer.from(tag, 'base64url'))) {
    const place: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    if (Array.isArray(place)) return place
  }
  throw new AppError('INVALID_INPUT', {
    issues: [
      { path: 'cursor', message: 'This cursor belongs to another question. Start from the first page.' },
    ],
  })
}
