/** A key that makes a repeated creation the same creation. */
export const newIdempotencyKey = (): string => globalThis.crypto.randomUUID()

/** Whether a mutation may be sent again after its answer was lost. */
export const hasIdempotencyKey = (input: unknown): boolean =>
  typeof input === 'object' &&
  input !== null &&
  'idempotencyKey' in input &&
  typeof input.idempotencyKey === 'string'
