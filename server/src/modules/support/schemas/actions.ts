import { refundRequestStatus } from '@devforge/db'
import { z } from 'zod'
import { id, pageInput, pageOf, reason } from '../../../wire.ts'
import { deskLinksSchema } from './links.ts'
import { idempotencyKey } from './tickets.ts'

export const freeDeviceInput = z.strictObject({ id, deviceId: id, reason })
export const reissueKeyInput = z.strictObject({ id, licenseId: id, reason })
/** What is linked, as it is after it. */
export const actionOutput = z.object({ links: deskLinksSchema })

const amountMinor = z.number().int().min(1)
export const requestRefundInput = z.strictObject({
  id,
  paymentId: id,
  amountMinor: amountMinor.optional().describe('Default: all that is left of the payment'),
  reason,
  idempotencyKey: idempotencyKey.optional().describe('For admins, whose request is a refund at once'),
})

const requestStatus = z.enum(refundRequestStatus.enumValues)
export const refundRequestSchema = z
  .object({
    id: z.string(),
    ticketId: z.string(),
    paymentId: z.string(),
    /** Null: all that is left. */
    amountMinor: z.number().nullable(),
    reason: z.string(),
    status: requestStatus,
    /** The refund that it became. */
    refundId: z.string().nullable(),
    decidedReason: z.string().nullable(),
    decidedAt: z.date().nullable(),
    createdAt: z.date(),
  })
  .meta({ id: 'RefundRequest' })

export const refundRequestsInput = z.strictObject({ status: requestStatus.optional(), ...pageInput() })
export const refundRequestsOutput = pageOf(
  refundRequestSchema.extend({
    ticketNumber: z.number(),
    requestedBy: z.string(),
    currency: z.string(),
    paidMinor: z.number(),
    refundedMinor: z.number(),
  }),
)
export const decideRefundInput = z.strictObject({
  requestId: id,
  decision: z.enum(['granted', 'declined']),
  reason,
})
