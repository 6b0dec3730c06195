import { addMs, SECOND } from '../../../../clock.ts'
import type { Ctx } from '../../../../context.ts'
import { inTx } from '../../../../tx.ts'
import { claimSubmission, releaseClaim, renewClaim } from '../../queries/claims.ts'
import type { SubmissionRow, SubmissionStatus } from '../../queries/submissions.ts'
import { recordState } from './state.ts'

/** Whoever works on a submission says so again and again; who has not for this long has died over it. */
const CLAIM_MS = 60 * SECOND
const RENEW_MS = 15 * SECOND

/** Claims from before this time are over. */
export const staleBefore = (ctx: Ctx): Date => addMs(ctx.deps.clock.now(), -CLAIM_MS)

/** Takes a submission for working on it. @returns undefined when there is nothing to do, or somebody else does it */
export async function claim(
  ctx: Ctx,
  id: string,
  { from, to }: { from: SubmissionStatus[]; to: SubmissionStatus },
): Promise<SubmissionRow | undefined> {
  return inTx(ctx, async (ctx) => {
    const row = await claimSubmission(ctx.db, {
      id,
      from,
      to,
      now: ctx.deps.clock.now(),
      staleBefore: staleBefore(ctx),
    })
    if (row && to === 'scanning') await recordState(ctx, id, { status: to })
    return row
  })
}

/** Does something that may take long with a claimed submission in hand. If it throws, the claim is let go, so that the next try need not wait. */
export async function whileClaimed<T>(
  ctx: Ctx,
  { id, attempts: attempt }: SubmissionRow,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setInterval(() => {
    renewClaim(ctx.db, { id, attempt, now: ctx.deps.clock.now() }).catch((error: unknown) =>
      ctx.log.warn({ err: error, submissionId: id }, 'claim not renewed'),
    )
  }, RENEW_MS)
  try {
    return await work()
  } catch (error) {
    await releaseClaim(ctx.db, { id, attempt }).catch((cause: unknown) =>
      ctx.log.warn({ err: cause, submissionId: id }, 'claim not released'),
    )
    throw error
  } finally {
    clearInterval(timer)
  }
}
