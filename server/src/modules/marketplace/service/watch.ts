import type { TrackedEnvelope } from '@trpc/server'
import type { AccountActor, Ctx } from '../../../context.ts'
import { notFound } from '../../../errors.ts'
import { follow } from '../../../realtime/follow.ts'
import { submissionTopic } from '../../../realtime/notify.ts'
import { requireStill } from '../../auth/actor.ts'
import { findWatchedStatus, listStates, type SubmissionState } from '../queries/watch.ts'

const PAGE = 100

/** States after which a submission rests. (An appeal may wake it up again; then there is something new to watch.) */
const FINAL: ReadonlySet<SubmissionState['status']> = new Set(['published', 'rejected'])

/**
 * The states of a submission of one's own or of one's publisher, from a point on: those that were, then those that come, until it
 * is published or rejected.
 * @throws NOT_FOUND, STREAM_LIMIT, and what `requireStill` throws once the session ends, the token is revoked or the account banned
 */
export function watchSubmission(
  ctx: Ctx<AccountActor>,
  { id, after }: { id: string; after: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<TrackedEnvelope<SubmissionState>, void> {
  const { userId } = ctx.actor
  return follow<SubmissionState>(
    ctx.deps,
    {
      topic: submissionTopic(id),
      accountId: userId,
      after,
      authorize: () => requireStill(ctx),
      async read(from) {
        // Before its states: a state that is written in between is not missed by that, and does not end the stream too early.
        const status = await findWatchedStatus(ctx.db, { id, userId })
        if (!status) throw notFound('submission', id)
        const entries = await listStates(ctx.db, { id, after: from, limit: PAGE })
        return { entries, ended: FINAL.has(status) && entries.length < PAGE }
      },
    },
    signal,
  )
}
