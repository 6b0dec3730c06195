import type { z } from 'zod'
import type { Ctx, SessionActor } from '../../../context.ts'
import { notFound } from '../../../errors.ts'
import {
  findPayment,
  listOwnPayments,
  listPaymentEvents,
  type PaymentEventRow,
  type PaymentRow,
} from '../queries/payments.ts'
import { listRefunds, type RefundRow } from '../queries/refunds.ts'
import { type InvoiceRow, listOwnInvoices } from '../queries/subscriptions.ts'
import type { invoiceSchema, paymentSchema, refundSchema } from '../schemas.ts'

interface PageInput {
  cursor?: string | undefined
  limit: number
}

/** One row more than the page was read: it tells whether there is another. */
export function pageOf<R extends { id: string }>(
  rows: R[],
  limit: number,
): { rows: R[]; nextCursor: string | null } {
  const page = rows.slice(0, limit)
  return { rows: page, nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null }
}

export const presentRefund = (refund: RefundRow): z.infer<typeof refundSchema> => ({
  id: refund.id,
  paymentId: refund.paymentId,
  status: refund.status,
  amountMinor: refund.amountMinor,
  currency: refund.currency,
  failureReason: refund.failureReason,
  createdAt: refund.createdAt,
})

/** The timeline as its owner may see it: what happened, not who of us did it nor what staff wrote. */
const presentEvent = (event: PaymentEventRow): z.infer<typeof paymentSchema>['timeline'][number] => {
  const { status, amountMinor } = event.after ?? {}
  return {
    type: event.type,
    at: event.at,
    status: typeof status === 'string' ? status : null,
    amountMinor: typeof amountMinor === 'number' ? amountMinor : null,
  }
}

function presentPayment(
  payment: PaymentRow,
  refunds: RefundRow[],
  events: PaymentEventRow[],
): z.infer<typeof paymentSchema> {
  return {
    id: payment.id,
    status: payment.status,
    amountMinor: payment.amountMinor,
    refundedMinor: payment.refundedMinor,
    currency: payment.currency,
    description: payment.description,
    licenseId: payment.licenseId,
    subscriptionId: payment.subscriptionId,
    receiptUrl: payment.receiptUrl,
    failureMessage: payment.failureMessage,
    createdAt: payment.createdAt,
    refunds: refunds.filter((refund) => refund.paymentId === payment.id).map(presentRefund),
    timeline: events.filter((event) => event.paymentId === payment.id).map(presentEvent),
  }
}

async function presentPayments(ctx: Ctx, rows: PaymentRow[]): Promise<z.infer<typeof paymentSchema>[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const [refunds, events] = await Promise.all([listRefunds(ctx.db, ids), listPaymentEvents(ctx.db, ids)])
  return rows.map((row) => presentPayment(row, refunds, events))
}

/** One's own payments, newest first. */
export async function listPayments(ctx: Ctx<SessionActor>, input: PageInput) {
  const found = await listOwnPayments(ctx.db, { userId: ctx.actor.userId, ...input })
  const { rows, nextCursor } = pageOf(found, input.limit)
  return { items: await presentPayments(ctx, rows), nextCursor }
}

/** One of one's own payments. @throws NOT_FOUND */
export async function getPayment(ctx: Ctx<SessionActor>, { id }: { id: string }) {
  const row = await findPayment(ctx.db, { id, userId: ctx.actor.userId })
  const [payment] = row ? await presentPayments(ctx, [row]) : []
  if (!payment) throw notFound('payment', id)
  return payment
}

const presentInvoice = (invoice: InvoiceRow): z.infer<typeof invoiceSchema> => ({
  id: invoice.id,
  number: invoice.number,
  status: invoice.status,
  amountDueMinor: invoice.amountDueMinor,
  amountPaidMinor: invoice.amountPaidMinor,
  currency: invoice.currency,
  subscriptionId: invoice.subscriptionId,
  paymentId: invoice.paymentId,
  hostedUrl: invoice.hostedUrl,
  pdfUrl: invoice.pdfUrl,
  issuedAt: invoice.issuedAt,
})

/** One's own invoices, newest first. */
export async function listInvoices(ctx: Ctx<SessionActor>, input: PageInput) {
  const found = await listOwnInvoices(ctx.db, { userId: ctx.actor.userId, ...input })
  const { rows, nextCursor } = pageOf(found, input.limit)
  return { items: rows.map(presentInvoice), nextCursor }
}
