import { writeAudit } from '../../../audit.ts'
import type { AdminActor, Ctx } from '../../../context.ts'
import { notFound } from '../../../errors.ts'
import { scrub } from '../../../log.ts'
import { GIVEN_UP_ATTEMPTS, retryOutbox } from '../../../mail/outbox.ts'
import { inTx } from '../../../tx.ts'
import { decodeCursor, encodeCursor } from '../../../wire.ts'
import { findUnsent, listUnsent, type OutboxRow } from '../queries/mails.ts'

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** To whom and what kind; what it says is between us and them. */
const present = (row: OutboxRow) => ({
  id: row.id,
  to: textOf(row.payload.to),
  template: textOf(row.payload.template),
  state: row.attempts >= GIVEN_UP_ATTEMPTS ? ('given_up' as const) : ('waiting' as const),
  attempts: row.attempts,
  lastError: row.lastError === null ? null : scrub(row.lastError),
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
})

/** Mails that could not be sent, newest first. */
export async function listMails(
  ctx: Ctx<AdminActor>,
  input: { state: 'given_up' | 'waiting'; cursor?: string | undefined; limit: number },
) {
  const rows = await listUnsent(ctx.db, {
    givenUp: input.state === 'given_up',
    after: decodeCursor(input.cursor),
    limit: input.limit,
  })
  const page = rows.slice(0, input.limit)
  const last = rows.length > input.limit ? page.at(-1) : undefined
  return { items: page.map(present), nextCursor: last ? encodeCursor(last.createdAt, last.id) : null }
}

/** Tries a mail again, from the first attempt on. @throws NOT_FOUND when there is no such mail, or it was sent */
export function retryMail(ctx: Ctx<AdminActor>, { id }: { id: string }) {
  return inTx(ctx, async (ctx) => {
    const before = await findUnsent(ctx.db, id)
    if (!before) throw notFound('unsent mail', id)
    await retryOutbox(ctx, id)
    await writeAudit(ctx, { action: 'mail.retried', subject: id, before: { attempts: before.attempts } })
    return present((await findUnsent(ctx.db, id)) ?? before)
  })
}
