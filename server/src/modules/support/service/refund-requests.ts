import type { AdminActor, Ctx } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { toPage } from '../../../wire.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { holdForRefund, noteRefundAsked, paymentsForSupport } from '../../payments/service/desk.ts'
import { refund } from '../../payments/service/refund.ts'
import {
  closeRequest,
  findOpenRequest,
  findRequest,
  findRequestOfRefund,
  insertRefundRequest,
  newRefundRequestId,
  pageRequests,
  type RefundRequestRow,
} from '../queries/refund-requests.ts'
import { lockTicket, type TicketRow } from '../queries/tickets.ts'
import { caseOf, linkedIds, recordAct } from './act.ts'
import { saveTicket } from './save.ts'
import type { StaffCtx } from './work.ts'

const presentRequest = (row: RefundRequestRow) => ({
  id: row.id,
  ticketId: row.ticketId,
  paymentId: row.paymentId,
  amountMinor: row.amountMinor,
  reason: row.reason,
  status: row.status,
  refundId: row.refundId,
  decidedReason: row.decidedReason,
  decidedAt: row.decidedAt,
  createdAt: row.createdAt,
})

interface Ask {
  id: string
  paymentId: string
  amountMinor?: number | undefined
  reason: string
  idempotencyKey?: string | undefined
}

/**
 * Asks for a refund of a payment that the ticket is about. Agents ask and an admin decides (`decideRefund`); an admin who asks has decided.
 * While a request is open, asking again answers with it. Locks: payment, then ticket.
 * @throws NOT_FOUND, TICKET_CLOSED, PAYMENT_NOT_REFUNDABLE, REFUND_EXCEEDS_PAYMENT (admins)
 */
export async function requestRefund(ctx: StaffCtx, input: Ask) {
  refuseImpersonation(ctx.actor)
  const { actor } = ctx
  if (actor.type === 'admin') return presentRequest(await refundAtOnce({ ...ctx, actor }, input))
  return presentRequest(await inTx(ctx, (ctx) => ask(ctx, input)))
}

/** A ticket that may ask for a refund of a payment: one that is about it. @throws NOT_FOUND, TICKET_CLOSED */
async function caseOfPayment(ctx: StaffCtx, { id, paymentId }: Ask): Promise<TicketRow> {
  const found = await caseOf(ctx, id)
  if (!(await linkedIds(ctx, id, 'payment')).includes(paymentId)) throw notFound('payment', paymentId)
  return found
}

const valuesOf = (ctx: StaffCtx, { id, paymentId, amountMinor, reason }: Ask) => ({
  ticketId: id,
  paymentId,
  amountMinor: amountMinor ?? null,
  reason,
  requestedBy: ctx.actor.userId,
  createdAt: ctx.deps.clock.now(),
  updatedAt: ctx.deps.clock.now(),
})

async function ask(ctx: StaffCtx, input: Ask): Promise<RefundRequestRow> {
  const { id: ticketId, paymentId, reason } = input
  const found = await caseOfPayment(ctx, input)
  const requestId = newRefundRequestId()
  // Holds the payment: of two who ask at once, the second one sees what the first one asked for.
  await holdForRefund(ctx, { paymentId, userId: found.requesterId })
  const earlier = await findOpenRequest(ctx.db, { ticketId, paymentId })
  if (earlier) return earlier
  await noteRefundAsked(ctx, { paymentId, reason, requestId, ticketId })
  const row = await insertRefundRequest(ctx.db, { id: requestId, ...valuesOf(ctx, input) })
  if (!row) throw new AppError('CONFLICT')
  await recordAct(ctx, found, {
    kind: 'payment',
    targetId: paymentId,
    type: 'refund.requested',
    isPublic: false,
    reason,
    after: { paymentId, requestId },
  })
  return row
}

async function refundAtOnce(ctx: Ctx<AdminActor>, input: Ask): Promise<RefundRequestRow> {
  const { id: ticketId, paymentId, amountMinor, reason } = input
  const found = await caseOfPayment(ctx, input)
  const [payment] = await paymentsForSupport(ctx, { ids: [paymentId], userId: found.requesterId })
  if (!payment) throw notFound('payment', paymentId)
  let request: RefundRequestRow | undefined
  await refund(ctx, {
    paymentId,
    ...(amountMinor === undefined ? {} : { amountMinor }),
    reason,
    idempotencyKey: `ticket:${ticketId}:${input.idempotencyKey ?? newRefundRequestId()}`,
    ticketId,
    async along(ctx, { id: refundId }) {
      request = await findRequestOfRefund(ctx.db, refundId)
      if (request) return
      const values = { id: newRefundRequestId(), ...valuesOf(ctx, input) }
      const open =
        (await findOpenRequest(ctx.db, { ticketId, paymentId })) ??
        (await insertRefundRequest(ctx.db, values))
      request = open && (await closeRequest(ctx.db, open.id, granted(ctx, { reason, refundId })))
      if (!request) throw new AppError('CONFLICT')
      await recordAct(ctx, found, {
        kind: 'payment',
        targetId: paymentId,
        type: 'refund.granted',
        isPublic: false,
        reason,
        after: { paymentId, requestId: request.id, refundId },
      })
    },
  })
  if (!request) throw new Error('a refund was made without its request')
  return request
}

const granted = (ctx: Ctx<AdminActor>, { reason, refundId }: { reason: string; refundId: string }) => ({
  status: 'granted' as const,
  decidedBy: ctx.actor.userId,
  decidedReason: reason,
  refundId,
  now: ctx.deps.clock.now(),
})

/** Requests of agents, for those who decide. */
export async function listRefundRequests(
  ctx: Ctx<AdminActor>,
  input: { status?: RefundRequestRow['status'] | undefined; cursor?: string | undefined; limit: number },
) {
  return toPage(await pageRequests(ctx.db, input), input.limit, ({ request, ...about }) => ({
    ...presentRequest(request),
    ...about,
  }))
}

/**
 * Grants or declines a request. A granted one is a refund from then on, with the ticket in its history; the request and the refund commit
 * together, whatever Stripe says later stands in the payment.
 * @throws NOT_FOUND, REFUND_REQUEST_DECIDED, PAYMENT_NOT_REFUNDABLE, REFUND_EXCEEDS_PAYMENT
 */
export async function decideRefund(
  ctx: Ctx<AdminActor>,
  { requestId, decision, reason }: { requestId: string; decision: 'granted' | 'declined'; reason: string },
) {
  const request = await findRequest(ctx.db, requestId)
  if (!request) throw notFound('refund request', requestId)
  if (request.status !== 'open') throw new AppError('REFUND_REQUEST_DECIDED', { status: request.status })
  const { ticketId, paymentId } = request

  async function close(ctx: Ctx<AdminActor>, refundId?: string): Promise<void> {
    const closed = await closeRequest(ctx.db, requestId, {
      status: decision,
      decidedBy: ctx.actor.userId,
      decidedReason: reason,
      ...(refundId === undefined ? {} : { refundId }),
      now: ctx.deps.clock.now(),
    })
    if (!closed) throw new AppError('REFUND_REQUEST_DECIDED', { status: 'decided' })
    const ticket = await lockTicket(ctx.db, { id: ticketId })
    if (!ticket) throw notFound('ticket', ticketId)
    const after = { paymentId, requestId, ...(refundId === undefined ? {} : { refundId }) }
    await saveTicket(ctx, ticket, {}, [{ type: `refund.${decision}`, isPublic: false, reason, after }])
  }

  if (decision === 'granted') {
    await refund(ctx, {
      paymentId,
      reason,
      ...(request.amountMinor === null ? {} : { amountMinor: request.amountMinor }),
      idempotencyKey: `refund-request:${requestId}`,
      ticketId,
      along: (ctx, { id }) => close(ctx, id),
    })
  } else await inTx(ctx, (ctx) => close(ctx))
  return presentRequest((await findRequest(ctx.db, requestId)) ?? request)
}
