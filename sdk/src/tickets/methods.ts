import { newIdempotencyKey } from '../client/idempotency.ts'
import { methodsOf as of } from '../client/methods.ts'
import type { Caller } from '../contract.ts'

export const methodsOf = of('tickets')

type AnyCall = (path: string, kind: string, input?: object, options?: object) => Promise<unknown>

/** Gives every call a key of its own that has none, so that one that is tried again happens once. */
export const keyed = (call: Caller): Caller =>
  ((path, kind, input, options) =>
    (call as AnyCall)(
      path,
      kind,
      { idempotencyKey: newIdempotencyKey(), ...input },
      options,
    )) as AnyCall as Caller
