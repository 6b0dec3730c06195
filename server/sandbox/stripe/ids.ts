import { randomBytes } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Random base62 text. 248 is the largest multiple of 62 below 256: bytes above it would favor some letters. */
export function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62]
    }
  }
  return text
}

/** An id in Stripe's manner: `ch_3…`, `cus_…`; Checkout Sessions carry the mode and are longer. */
export function newId(prefix: string): string {
  if (prefix === 'cs') return `cs_test_a1${randomText(56)}`
  if (prefix === 'bps') return `bps_1${randomText(23)}`
  if (prefix === 'cus' || prefix === 'prod' || prefix === 'si') return `${prefix}_${randomText(14)}`
  if (prefix === 'acct') return `acct_1${randomText(15)}`
  return `${prefix}_1${randomText(23)}`
}

/** The id in a member that the SDK's types allow to be expanded; stored objects always hold the id. */
export function idOf(value: string | { id: string } | null | undefined): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? value : value.id
}
