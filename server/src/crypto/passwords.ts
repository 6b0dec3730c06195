import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { AppError } from '../errors.ts'

/** Cost of Argon2id: memory in KiB, passes over it. */
export interface PasswordCost {
  memoryKib: number
  passes: number
}

/** OWASP's recommendation for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. */
export const OWASP_COST: PasswordCost = { memoryKib: 19_456, passes: 2 }
/** For NODE_ENV=test: the same code, cheaper. */
export const TEST_COST: PasswordCost = { memoryKib: 64, passes: 1 }

export interface Passwords {
  /** An Argon2id hash as a PHC string. @throws AppError UNAVAILABLE when too many wait */
  hash(password: string): Promise<string>
  /**
   * Whether the password fits. Without a hash (`null`: no such account, or no password set) the same work is done against a
   * dummy and the answer is false, so that the time tells nothing.
   */
  verify(hash: string | null, password: string): Promise<boolean>
  /** Whether a hash was made with other parameters than those in force. */
  isOutdated(hash: string): boolean
}

const LANES = 1
const SALT_BYTES = 16
const TAG_BYTES = 32
/** Each hash takes 19 MiB and a thread of libuv's four: files and DNS must not starve. */
const CONCURRENCY = Math.max(1, Math.min(availableParallelism(), 3))
/** More than this many waiting is an attack or an outage: refusing beats queueing for minutes. */
const MAX_WAITING = 256

/** Lets a few run at once; the others wait in order. */
function createGate(concurrency: number, maxWaiting: number) {
  const waiting: (() => void)[] = []
  let running = 0
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= concurrency) {
      if (waiting.length >= maxWaiting) throw new AppError('UNAVAILABLE')
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      // The place is handed on rather than freed, so that a newcomer cannot slip in between.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}

const derive = (
  password: string,
  salt: Buffer,
  { memoryKib, passes, lanes, tagBytes }: PasswordCost & { lanes: number; tagBytes: number },
): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    argon2(
      'argon2id',
      {
        // Two ways to type the same letter are one password (NIST SP 800-63B, 5.1.1.2).
        message: Buffer.from(password.normalize('NFKC')),
        nonce: salt,
        parallelism: lanes,
        tagLength: tagBytes,
        memory: memoryKib,
        passes,
      },
      (error, tag) => (error ? reject(error) : resolve(tag)),
    )
  })

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

function parsePhc(hash: string) {
  const match =
    /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/.exec(
      hash,
    )
  const [, memory, passes, lanes, salt, tag] = match ?? []
  if (!memory || !passes || !lanes || !salt || !tag) return null
  return {
    memoryKib: Number(memory),
    passes: Number(passes),
    lanes: Number(lanes),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}

/** Hashes passwords with Node's own Argon2id: off the event loop, a few at a time. */
export function createPasswords(cost: PasswordCost): Passwords {
  const gate = createGate(CONCURRENCY, MAX_WAITING)
  const parameters = `$argon2id$v=19$m=${cost.memoryKib},t=${cost.passes},p=${LANES}$`
  const dummy = `${parameters}${base64(randomBytes(SALT_BYTES))}$${base64(randomBytes(TAG_BYTES))}`
  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES)
      const tag = await gate(() => derive(password, salt, { ...cost, lanes: LANES, tagBytes: TAG_BYTES }))
      return `${parameters}${base64(salt)}$${base64(tag)}`
    },
    async verify(hash, password) {
      const parsed = parsePhc(hash ?? dummy)
      if (!parsed) throw new Error('a stored password hash is malformed')
      const tag = await gate(() => derive(password, parsed.salt, { ...parsed, tagBytes: parsed.tag.length }))
      return timingSafeEqual(tag, parsed.tag) && hash !== null
    },
    isOutdated: (hash) => !hash.startsWith(parameters),
  }
}
