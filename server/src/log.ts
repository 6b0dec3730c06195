import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/** What services write: fields, and what happened. */
export interface ContextLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/**
 * A logger that names the request in each line, and is made with the first: most requests log nothing, while contexts are copied with
 * all that they hold. (A getter would be run by every copy.)
 */
export class RequestLog implements ContextLog {
  readonly #parent: Logger
  readonly #requestId: string
  #log: Logger | undefined

  constructor(parent: Logger, requestId: string) {
    this.#parent = parent
    this.#requestId = requestId
  }

  #made(): Logger {
    this.#log ??= this.#parent.child({ requestId: this.#requestId })
    return this.#log
  }

  debug(fields: object, message: string): void {
    this.#made().debug(fields, message)
  }

  info(fields: object, message: string): void {
    this.#made().info(fields, message)
  }

  warn(fields: object, message: string): void {
    this.#made().warn(fields, message)
  }

  error(fields: object, message: string): void {
    this.#made().error(fields, message)
  }
}

/** What must never reach a log, wherever in an object it stands (two levels deep). Values that slip through are caught by `scrub`. */
const SECRET_FIELDS = [
  'password',
  'newPassword',
  'key',
  'licenseKey',
  'token',
  'accessToken',
  'sessionToken',
  'apiToken',
  'secret',
  'authorization',
  'cookie',
  'card',
  'cvc',
  'totp',
  'deviceCode',
  'sealed',
]

// License keys, API tokens, Stripe keys, JWTs, bearer headers: recognizable anywhere in a text.
const SECRET_TEXT =
  /DF(?:-[0-9A-Z]{5}){5}|dfp_[A-Za-z0-9_-]{16,}|(?:sk|rk|whsec)_(?:test_|live_)?[A-Za-z0-9+/=]{12,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}|Bearer\s+\S{12,}/g

/** `text` with everything that looks like a credential replaced. */
export const scrub = (text: string): string => text.replace(SECRET_TEXT, '[redacted]')

/** Structured logs as JSON lines. Secrets are redacted by field name and, as a net below, by their looks. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[redacted]',
      },
      hooks: { streamWrite: scrub },
    },
    // Lines are written together, by the kilobyte or ten times a second: a system call for each line costs a busy server a
    // tenth of its time. What is buffered is written before the process ends.
    destination ?? pino.destination({ dest: 1, sync: false, minLength: 4_096, periodicFlush: 100 }),
  )
}
