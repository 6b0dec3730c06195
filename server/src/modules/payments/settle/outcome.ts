import { addMs, HOUR } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { fromUnix } from '../stripe/api.ts'

/** What settling came to: our rows follow Stripe's, or the object is none of ours. */
export type Outcome = { kind: 'settled' } | { kind: 'ignored'; why: string }

export const ignored = (why: string): Outcome => ({ kind: 'ignored', why })

/** Stripe's news may be faster than the commit of what it is about. */
export class NotYetKnown extends Error {
  constructor(checkoutId: string) {
    super(`checkout ${checkoutId} is not known here yet`)
    this.name = 'NotYetKnown'
  }
}

const COMMIT_MAY_TAKE_MS = HOUR

/**
 * For an object that belongs to no row of ours. If it names a checkout and is young, the row may still come: the event is
 * tried again. Otherwise it is somebody else's who shares the Stripe account.
 * @throws NotYetKnown
 */
export function unknownToUs(
  ctx: Ctx,
  { checkoutId, created }: { checkoutId: string | undefined; created: number },
): Outcome {
  const young = fromUnix(created) > addMs(ctx.deps.clock.now(), -COMMIT_MAY_TAKE_MS)
  if (checkoutId !== undefined && young) throw new NotYetKnown(checkoutId)
  return ignored('not bought here')
}
