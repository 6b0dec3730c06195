import { randomBytes } from 'node:crypto'

// Judges as sdk/src/offline/license-key.ts does, which must not be imported here (the SDK is a client); a test holds the two together.
// There the code is written to be read, here to be run for every request.

/** Crockford's base32: no I, L, O, U, so that a key survives being read aloud and typed. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const PREFIX = 'DF'
const RANDOM_SYMBOLS = 22
const CHECK_SYMBOLS = 3
const SYMBOLS = RANDOM_SYMBOLS + CHECK_SYMBOLS

/** Multiplies in GF(32) modulo x⁵ + x² + 1. */
function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = 4; bit >= 0; bit--) {
    product <<= 1
    if (product & 32) product ^= 0b100101
    if ((b >> bit) & 1) product ^= a
  }
  return product
}

/** Coefficients of (x + α)(x + α²)(x + α³) with α = 2, highest power first, the leading 1 left out. */
const GENERATOR = [14, 29, 10] as const

/** What each symbol adds to the remainder, three symbols in fifteen bits: the division goes by table, since every check does it. */
const FEEDBACK = Uint16Array.from(ALPHABET, (_, symbol) =>
  GENERATOR.reduce((bits, factor) => (bits << 5) | multiply(symbol, factor), 0),
)

/** Values of the symbols by character code. */
const VALUES = new Uint8Array(128)
for (const [value, symbol] of [...ALPHABET].entries()) VALUES[symbol.charCodeAt(0)] = value

/**
 * The three check symbols over the prefix and the 22 random symbols: a shortened Reed–Solomon code over GF(32). Its distance
 * is 4, so that any one, two or three wrong symbols are caught for certain, and with them every swap of two symbols.
 * The prefix is part of the code, which also keeps a key of zeros from being one.
 */
function checkSymbols(random: string): string {
  const text = PREFIX + random
  let remainder = 0
  for (let place = 0; place < text.length; place++) {
    const feedback = (VALUES[text.charCodeAt(place)] ?? 0) ^ (remainder >> 10)
    remainder = ((remainder << 5) & 0x7fff) ^ (FEEDBACK[feedback] ?? 0)
  }
  return (
    ALPHABET.charAt(remainder >> 10) +
    ALPHABET.charAt((remainder >> 5) & 31) +
    ALPHABET.charAt(remainder & 31)
  )
}

const spell = (symbols: string): string =>
  `${PREFIX}-${symbols.slice(0, 5)}-${symbols.slice(5, 10)}-${symbols.slice(10, 15)}-${symbols.slice(15, 20)}-${symbols.slice(20)}`

/** The one spelling, as we give keys out and most programs send them. */
const CANONICAL = /^DF(?:-[0-9A-HJKMNP-TV-Z]{5}){5}$/

/** The 25 symbols of what somebody typed; null when it cannot be a key. */
function symbolsOf(typed: string): string | null {
  if (CANONICAL.test(typed)) return typed.slice(PREFIX.length).replaceAll('-', '')
  // Longer than any spelling of a key: not worth a look.
  if (typed.length > 128) return null
  const bare = typed.toUpperCase().replace(/[\s\-–—]/g, '')
  if (!bare.startsWith(PREFIX)) return null
  const symbols = bare.slice(PREFIX.length).replace(/[IL]/g, '1').replace(/O/g, '0')
  return symbols.length === SYMBOLS && [...symbols].every((symbol) => ALPHABET.includes(symbol))
    ? symbols
    : null
}

/**
 * The key in its one spelling, or null when the text cannot be a key. Takes what people type: any case, with or without
 * hyphens and spaces, `I` and `L` for 1, `O` for 0. Up to three wrong characters never pass.
 */
export function parseLicenseKey(typed: string): string | null {
  const symbols = symbolsOf(typed)
  if (symbols === null) return null
  return checkSymbols(symbols.slice(0, RANDOM_SYMBOLS)) === symbols.slice(RANDOM_SYMBOLS)
    ? spell(symbols)
    : null
}

/** A new key: 110 bits of randomness and three check symbols. */
export function generateLicenseKey(): string {
  const random = Array.from(randomBytes(RANDOM_SYMBOLS), (byte) => ALPHABET.charAt(byte & 31)).join('')
  return spell(random + checkSymbols(random))
}
