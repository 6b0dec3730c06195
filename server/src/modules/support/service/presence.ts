import { addMs, SECOND } from '../../../clock.ts'
import { notFound } from '../../../errors.ts'
import { notify, ticketTopic } from '../../../realtime/notify.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { deletePresence, listPresence, type PresenceState, upsertPresence } from '../queries/presence.ts'
import { findTicket } from '../queries/tickets.ts'
import type { StaffCtx } from './work.ts'

/** A heartbeat every 15 s may be lost once. */
const PRESENT_MS = 30 * SECOND

/** Says that an agent looks at a ticket, or types in it, for the next 30 s. @returns who else does @throws NOT_FOUND */
export async function setPresence(
  ctx: StaffCtx,
  { id, state }: { id: string; state: PresenceState | 'gone' },
) {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  const now = ctx.deps.clock.now()
  const isNews =
    state === 'gone'
      ? await leave(ctx, id)
      : await upsertPresence(ctx.deps.sql, {
          ticketId: id,
          userId,
          state,
          now,
          until: addMs(now, PRESENT_MS),
        })
  if (isNews === undefined) throw notFound('ticket', id)
  if (isNews) await notify(ctx.db, ticketTopic(id))
  return { others: await listPresence(ctx.db, { ticketId: id, except: userId, now }) }
}

async function leave(ctx: StaffCtx, ticketId: string): Promise<boolean | undefined> {
  if (await deletePresence(ctx.db, { ticketId, userId: ctx.actor.userId })) return true
  return (await findTicket(ctx.db, { id: ticketId })) ? false : undefined
}
