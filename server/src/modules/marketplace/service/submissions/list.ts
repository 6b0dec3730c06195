import type { AccountActor, Ctx } from '../../../../context.ts'
import { notFound } from '../../../../errors.ts'
import { toPage } from '../../../../wire.ts'
import { findOwnSubmission, listOwnSubmissions, type SubmissionStatus } from '../../queries/submissions.ts'
import { presentSubmission, type Submission } from './present.ts'

/** A submission of one's own or of a publisher one is a member of. @throws NOT_FOUND */
export async function getSubmission(ctx: Ctx<AccountActor>, { id }: { id: string }): Promise<Submission> {
  const row = await findOwnSubmission(ctx.db, { id, userId: ctx.actor.userId })
  if (!row) throw notFound('submission', id)
  return presentSubmission(row)
}

/** One's own and those of the publishers one is a member of, newest first. */
export async function listSubmissions(
  ctx: Ctx<AccountActor>,
  input: {
    extension?: string | undefined
    status?: SubmissionStatus | undefined
    cursor?: string | undefined
    limit: number
  },
) {
  const rows = await listOwnSubmissions(ctx.db, {
    ...input,
    identifier: input.extension?.toLowerCase(),
    userId: ctx.actor.userId,
  })
  return toPage(rows, input.limit, presentSubmission)
}
