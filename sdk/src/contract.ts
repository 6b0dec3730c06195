import type { Contract, ErrorDetails } from './contract.gen.ts'

/** The path of a procedure, such as `licenses.validate`. */
export type Path = keyof Contract
/** What a procedure takes. `undefined` when it takes nothing. */
export type Input<P extends Path> = Contract[P]['input']
/** What a procedure answers. Times are `Date`. */
export type Output<P extends Path> = Contract[P]['output']
/** Whether a procedure only reads (`query`), changes something (`mutation`) or streams (`subscription`). */
export type Kind<P extends Path> = Contract[P]['kind']
/** The procedures that answer with a stream; what {@link Output} says of them is one entry of it. */
export type StreamPath = { [P in Path]: Kind<P> extends 'subscription' ? P : never }[Path]
/** The procedures that answer once. */
export type CallPath = Exclude<Path, StreamPath>

/** Codes that the server answers. */
export type ServerErrorCode = keyof ErrorDetails
/** Failures that never reached the server, or whose answer never came back. */
interface LocalErrorDetails {
  /** No connection: offline, DNS, TLS, refused, or broken off. */
  NETWORK: null
  /** No answer within the call's time. */
  TIMEOUT: { timeoutMs: number }
  /** The caller's `AbortSignal` ended the call. */
  ABORTED: null
  /** The server answered a lease or revocation list that cannot be believed: another issuer, an unknown key, an old one again. */
  LEASE_INVALID: { reason: string }
  /** A package is not what the server signed: its size, SHA-256, signature or key (`reason`). */
  PACKAGE_INVALID: { reason: string }
  /** Something of this machine or the application failed: the session store, the fingerprint. `cause` is what it threw. */
  LOCAL_FAILURE: null
}

/** Every code a {@link DevForgeError} can carry. */
export type DevForgeErrorCode = ServerErrorCode | keyof LocalErrorDetails
/** What `details` holds for a code. A server may leave details out, hence always also `null`. */
export type DetailsOf<C extends DevForgeErrorCode> = (ErrorDetails & LocalErrorDetails)[C] | null

/** Options of a single call. */
export interface CallOptions {
  /** Ends the call: it rejects with `ABORTED`. */
  signal?: AbortSignal
  /** Time for the whole call, retries included. Default: the client's `timeoutMs`. */
  timeoutMs?: number
  /** `false` gives a query an HTTP request of its own, so that it waits for no other. Mutations always have one. */
  batch?: boolean
}

/** Members that may be left out when the whole input may be: then so may the argument. */
type InputArguments<I, O> = undefined extends I ? [input?: I, options?: O] : [input: I, options?: O]

/** Options of a stream. */
export interface StreamOptions {
  /** Ends the stream: the loop over it rejects with `ABORTED`. (Leaving the loop ends it, too, and quietly.) */
  signal?: AbortSignal
  /** For how long a connection that broke is tried again, since it last brought something. Default: 300,000 ms. */
  reconnectForMs?: number
}

/**
 * Follows a procedure that streams. A connection that breaks is made again and goes on where it left off: every entry comes once,
 * in order. The stream ends when the server says so.
 */
export type Subscriber = <P extends StreamPath>(
  path: P,
  input: Input<P>,
  options?: StreamOptions,
) => AsyncGenerator<Output<P>, void, undefined>

/** Calls a procedure by its path. Everything the SDK does goes through one of these. */
export type Caller = <P extends CallPath>(
  path: P,
  kind: Kind<P>,
  ...rest: InputArguments<Input<P>, CallOptions>
) => Promise<Output<P>>
