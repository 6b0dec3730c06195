import type { DetailsOf, DevForgeErrorCode } from './contract.ts'

export interface DevForgeErrorInit<C extends DevForgeErrorCode> {
  details?: DetailsOf<C> | undefined
  requestId?: string | null
  httpStatus?: number | null
  retryAfterMs?: number | null
  cause?: unknown
}

// Two copies of the SDK may meet in one process (an extension brings its own): `instanceof` alone would not know the other's.
const BRAND = Symbol.for('devforge.error')

/**
 * Every failure of the SDK. `code` is stable and is what programs look at; `message` is for people.
 * Narrow it with {@link isDevForgeError}, which also types `details`.
 */
export class DevForgeError<C extends DevForgeErrorCode = DevForgeErrorCode> extends Error {
  override readonly name = 'DevForgeError'
  /** What happened. A newer server may answer codes that this version of the SDK does not list. */
  readonly code: C
  /** More about it; its shape follows from the code. `null` when there is no more. */
  readonly details: DetailsOf<C>
  /** Names this request in the server's logs. `null` when it never got there. */
  readonly requestId: string | null
  readonly httpStatus: number | null
  /** How long the server asks to wait before another try. */
  readonly retryAfterMs: number | null

  constructor(code: C, message: string, init: DevForgeErrorInit<C> = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
    this.details = init.details ?? null
    this.requestId = init.requestId ?? null
    this.httpStatus = init.httpStatus ?? null
    this.retryAfterMs = init.retryAfterMs ?? null
    Object.defineProperty(this, BRAND, { value: true })
  }
}

/** A DevForgeError with one of the codes, its details typed by it. */
type Narrowed<C extends DevForgeErrorCode> = { [K in C]: DevForgeError<K> }[C]

/**
 * Whether something caught is an error of the SDK, and of the given code.
 * @example
 * catch (error) {
 *   if (isDevForgeError(error, 'LICENSE_DEVICE_LIMIT')) offerToFree(error.details?.devices ?? [])
 *   else throw error
 * }
 */
export function isDevForgeError<C extends DevForgeErrorCode = DevForgeErrorCode>(
  error: unknown,
  code?: C,
): error is Narrowed<C> {
  if (!(error instanceof Error) || !(BRAND in error)) return false
  return code === undefined || ('code' in error && error.code === code)
}

/** Whatever else was caught, as an error of the SDK: what the application gave it (a store, a fingerprint) has thrown. */
export function orLocalFailure(error: unknown): DevForgeError<DevForgeErrorCode> {
  if (isDevForgeError(error)) return error
  const message = error instanceof Error ? error.message : String(error)
  return new DevForgeError('LOCAL_FAILURE', `Something on this machine failed: ${message}`, { cause: error })
}
