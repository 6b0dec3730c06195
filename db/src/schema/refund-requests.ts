import { sql } from 'drizzle-orm'
import { check, index, pgEnum, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { at, id, money, timestamps } from '../columns.ts'
import { users } from './identity.ts'
import { payments, refunds } from './payments.ts'
import { tickets } from './tickets.ts'

export const refundRequestStatus = pgEnum('refund_request_status', ['open', 'granted', 'declined'])

/** An agent asks for a refund, an admin decides: who talks to the customer does not move the money. One open per ticket and payment. */
export const refundRequests = pgTable(
  'refund_requests',
  {
    id: id('rrq'),
    ticketId: text('ticket_id')
      .notNull()
      .references(() => tickets.id, { onDelete: 'restrict' }),
    paymentId: text('payment_id')
      .notNull()
      .references(() => payments.id, { onDelete: 'restrict' }),
    /** Null: all that is left. */
    amountMinor: money('amount_minor'),
    reason: text('reason').notNull(),
    requestedBy: text('requested_by')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    status: refundRequestStatus('status').notNull().default('open'),
    decidedBy: text('decided_by').references(() => users.id, { onDelete: 'restrict' }),
    decidedReason: text('decided_reason'),
    decidedAt: at('decided_at'),
    /** The refund that it became. */
    refundId: text('refund_id').references(() => refunds.id, { onDelete: 'restrict' }),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('refund_requests_open_key').on(t.ticketId, t.paymentId).where(sql`${t.status} = 'open'`),
    index('refund_requests_status_idx').on(t.status, t.id),
    index('refund_requests_payment_id_idx').on(t.paymentId),
    uniqueIndex('refund_requests_refund_key').on(t.refundId),
    check('refund_requests_amount_positive', sql`${t.amountMinor} > 0`),
  ],
)
