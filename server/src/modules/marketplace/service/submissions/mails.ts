import type { Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { queueMail } from '../../../../mail/outbox.ts'
import { type Contact, findContact } from '../../../users/contact.ts'
import type { SubmissionRow } from '../../queries/submissions.ts'

/** Null for an account that is gone. */
export async function contactOf(ctx: Ctx, userId: string): Promise<Contact | null> {
  try {
    return await findContact(ctx.db, userId)
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return null
    throw error
  }
}

/** Tells who submitted a package what became of it. In the transaction that decided it; states between say nothing. */
export async function mailOutcome(
  ctx: Ctx,
  row: Pick<SubmissionRow, 'id' | 'userId' | 'identifier' | 'version' | 'status' | 'reason' | 'attempts'>,
): Promise<void> {
  const { id, identifier: extension, version, status, attempts } = row
  if (status !== 'published' && status !== 'needs_review' && status !== 'rejected') return
  const contact = await contactOf(ctx, row.userId)
  if (!contact) return
  const to = contact.email
  const data = { name: contact.name, extension, version, reason: row.reason ?? '', submissionId: id }
  // The number of attempts tells a second scan of the same submission from the first.
  const dedupeKey = `submission-${status}:${id}:${attempts}`
  if (status === 'published') await queueMail(ctx, { dedupeKey, to, template: 'submission-published', data })
  if (status === 'needs_review') await queueMail(ctx, { dedupeKey, to, template: 'submission-held', data })
  if (status === 'rejected') await queueMail(ctx, { dedupeKey, to, template: 'submission-rejected', data })
}
