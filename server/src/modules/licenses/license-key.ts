import { randomBytes } from 'node:crypto'

// The same code as sdk/src/offline/license-key.ts, which must not be imported here (the SDK is a client); a test holds the two together.

/** Crockford's base32: no I, L, O, U, so that a key survives being read aloud and typed. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const PREFIX = 'DF'
const RANDOM_SYMBOLS = 22
const CHECK_SYMBOLS = 3
const SYMBOLS = RANDOM_SYMBOLS + CHECK_SYMBOLS
const GROUP = /.{5}/g

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
const GENERATOR = [14, 29, 10]

/**
 * The three check symbols over the prefix and the 22 random symbols: a shortened Reed–Solomon code over GF(32). Its distance
 * is 4, so that any one, two or three wrong symbols are caught for certain, and with them every swap of two symbols.
 * The prefix is part of the code, which also keeps a key of zeros from being one.
 */
function checkSymbols(random: string): string {
  const remainder = [0, 0, 0]
  for (const symbol of PREFIX + random) {
    const feedback = ALPHABET.indexOf(symbol) ^ (remainder.shift() ?? 0)
    remainder.push(0)
    for (const [index, factor] of GENERATOR.entries()) {
      remainder[index] = (remainder[index] ?? 0) ^ multiply(feedback, factor)
    }
  }
  return remainder.map((value) => ALPHABET.charAt(value)).join('')
}

const spell = (symbols: string): string => `${PREFIX}-${(symbols.match(GROUP) ?? []).join('-')}`

/**
 * The key in its one spelling, or null when the text cannot be a key. Takes what people type: any case, with or without
 * hyphens and spaces, `I` and `L` for 1, `O` for 0. Up to three wrong characters never pass.
 */
export function parseLicenseKey(typed: string): string | null {
  // Longer than any spelling of a key: not worth a look.
  if (typed.length > 128) return null
  const bare = typed.toUpperCase().replace(/[\s\-–—]/g, '')
  if (!bare.startsWith(PREFIX)) return null
  const symbols = bare.slice(PREFIX.length).replace(/[IL]/g, '1').replace(/O/g, '0')
  if (symbols.length !== SYMBOLS || [...symbols].some((symbol) => !ALPHABET.includes(symbol))) {
    return null
  }
  const random = symbols.slice(0, RANDOM_SYMBOLS)
  return checkSymbols(random) === symbols.slice(RANDOM_SYMBOLS) ? spell(symbols) : null
}

/** A new key: 110 bits of randomness and three check symbols. */
export function generateLicenseKey(): string {
  const random = Array.from(randomBytes(RANDOM_SYMBOLS), (byte) => ALPHABET.charAt(byte & 31)).join('')
  return spell(random + checkSymbols(random))
}
