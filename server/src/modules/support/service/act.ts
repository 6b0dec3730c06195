import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { freeDeviceForOwner, reissueKeyForOwner } from '../../licenses/service/desk.ts'
import { listLinks } from '../queries/links.ts'
import { findTicket, type TicketRow } from '../queries/tickets.ts'
import { deskLinks } from './links.ts'
import { holdTicket, refuseOwn, saveTicket, type TicketEvent } from './save.ts'
import type { StaffCtx } from './work.ts'

/** The ticket that something is done in. Refunds lock the payment first, then the ticket. @throws NOT_FOUND, TICKET_CLOSED */
export async function caseOf(ctx: StaffCtx, id: string): Promise<TicketRow> {
  const found = await findTicket(ctx.db, { id })
  if (!found) throw notFound('ticket', id)
  refuseOwn(ctx, found.ticket)
  if (found.ticket.status === 'closed') throw new AppError('TICKET_CLOSED', { id })
  return found.ticket
}

/** Locks the ticket and writes what was done in it, if it is still about that. @throws NOT_FOUND, TICKET_CLOSED */
export async function recordAct(
  ctx: StaffCtx,
  found: TicketRow,
  { kind, targetId, ...event }: TicketEvent & { kind: 'license' | 'payment'; targetId: string },
): Promise<TicketRow> {
  const ticket = await holdTicket(ctx, { id: found.id })
  if (ticket.status === 'closed') throw new AppError('TICKET_CLOSED', { id: ticket.id })
  const links = await listLinks(ctx.db, ticket.id, kind)
  const isLinked =
    ticket.requesterId === found.requesterId && links.some((link) => link.targetId === targetId)
  if (!isLinked) throw notFound(kind, targetId)
  return saveTicket(ctx, ticket, {}, [event])
}

/** Of a ticket: the licenses, or payments, that it is about. */
export const linkedIds = async (
  ctx: StaffCtx,
  ticketId: string,
  kind: 'license' | 'payment',
): Promise<string[]> => (await listLinks(ctx.db, ticketId, kind)).map((link) => link.targetId)

interface Act {
  /** The ticket. */
  id: string
  reason: string
}

/**
 * Frees a device of a license that the ticket is about, for its owner, who cannot.
 * @throws NOT_FOUND, TICKET_CLOSED, DEVICE_NOT_FOUND (also on a license that is not linked, or not the customer's)
 */
export async function freeDevice(ctx: StaffCtx, { id, deviceId, reason }: Act & { deviceId: string }) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    // Before the license: who deletes an account, or joins it to another, holds its tickets first.
    await holdTicket(ctx, { id })
    const found = await caseOf(ctx, id)
    const licenseIds = await linkedIds(ctx, id, 'license')
    const { requesterId: userId } = found
    const licenseId = await freeDeviceForOwner(ctx, { deviceId, userId, licenseIds, reason, cause: id })
    const ticket = await recordAct(ctx, found, {
      kind: 'license',
      targetId: licenseId,
      type: 'license.device_freed',
      isPublic: true,
      reason,
      after: { licenseId, deviceId },
    })
    return { links: await deskLinks(ctx, ticket) }
  })
}

/**
 * Replaces the key of a license that the ticket is about. It goes to its owner by mail; the agent sees its last group at most.
 * @throws NOT_FOUND, TICKET_CLOSED, LICENSE_REVOKED_IS_FINAL
 */
export async function reissueKey(ctx: StaffCtx, { id, licenseId, reason }: Act & { licenseId: string }) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    // Before the license: who deletes an account, or joins it to another, holds its tickets first.
    await holdTicket(ctx, { id })
    const found = await caseOf(ctx, id)
    const licenseIds = await linkedIds(ctx, id, 'license')
    const { requesterId: userId } = found
    const { keyHint } = await reissueKeyForOwner(ctx, { licenseId, userId, licenseIds, reason, cause: id })
    const ticket = await recordAct(ctx, found, {
      kind: 'license',
      targetId: licenseId,
      type: 'license.key_reissued',
      isPublic: true,
      reason,
      after: { licenseId, keyHint },
    })
    return { links: await deskLinks(ctx, ticket) }
  })
}
