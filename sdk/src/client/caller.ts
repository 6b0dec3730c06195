import type { Caller, CallOptions } from '../contract.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import { isFields } from './failure.ts'
import { hasIdempotencyKey } from './idempotency.ts'
import { type Identity, withToken } from './identity.ts'
import { withRetries } from './retry.ts'
import type { Transport } from './transport.ts'

export interface CallerOptions {
  transport: Transport
  timeoutMs: number
  retries: number
  identity: Identity
}

/**
 * Calls that sign in or keep signed in, where a refresh before them would be a circle, and calls that anybody may make: a
 * session that cannot be read or refreshed must not stand in the way of a license.
 */
const WITHOUT_TOKEN: ReadonlySet<string> = new Set([
  'auth.signUp',
  'auth.signIn',
  'auth.refresh',
  'auth.requestPasswordReset',
  'auth.resetPassword',
  'auth.verifyEmail',
  'auth.startDevice',
  'auth.pollDevice',
  'licenses.validate',
  'licenses.activate',
  'licenses.lease',
  'licenses.revocations',
  'payments.plans',
  'marketplace.search',
  'marketplace.get',
  'marketplace.versions',
  'marketplace.related',
  'marketplace.categories',
  'marketplace.trending',
  'marketplace.publisher',
  'marketplace.reviews',
  'marketplace.killList',
  // Linked to nobody.
  'analytics.track',
])

/** A license key proves itself; a device's id does not. */
const needsToken = (path: string, input: unknown): boolean =>
  path === 'licenses.deactivate' ? !(isFields(input) && 'key' in input) : !WITHOUT_TOKEN.has(path)

export function createCaller({ transport, timeoutMs, retries, identity }: CallerOptions): Caller {
  async function attempt(
    path: string,
    kind: 'query' | 'mutation',
    input: unknown,
    options: CallOptions,
    deadline: Deadline,
  ): Promise<unknown> {
    const send = (token: string | null) =>
      deadline.race(
        transport({ path, kind, input, signal: deadline.signal, token, batch: options.batch ?? true }),
      )
    return needsToken(path, input) ? deadline.race(withToken(identity, send)) : send(null)
  }

  async function call(
    path: string,
    kind: 'query' | 'mutation',
    input?: unknown,
    options: CallOptions = {},
  ): Promise<unknown> {
    const deadline = startDeadline(options.timeoutMs ?? timeoutMs, options.signal)
    try {
      // Without a key, a mutation whose answer was lost may have happened: only the caller can tell.
      const repeatable = kind === 'query' || hasIdempotencyKey(input)
      return await withRetries(repeatable ? retries : 0, deadline, () =>
        attempt(path, kind, input, options, deadline),
      )
    } finally {
      deadline.done()
    }
  }
  // What a path answers is the contract's word: it is generated from the very router that answers.
  return call as Caller
}
