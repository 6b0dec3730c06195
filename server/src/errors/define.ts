import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc'

export interface ErrorDefinition<D> {
  /** What tRPC (and through it HTTP) calls this kind of error. */
  readonly kind: TRPC_ERROR_CODE_KEY
  /** Says what happened and what to do next; shown to people. */
  readonly message: string
  /** Only a type: what `details` holds. */
  readonly details?: D
}

export function error<D = undefined>(kind: TRPC_ERROR_CODE_KEY, message: string): ErrorDefinition<D> {
  return { kind, message }
}

/** A module's error codes in one place. */
export const defineErrors = <T extends Record<string, ErrorDefinition<unknown>>>(errors: T): T => errors
