import { behaviorOf } from '../cards.ts'
import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import { idOf } from '../ids.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type { BalanceTransaction, Charge, Dispute, EarlyFraudWarning } from '../types.ts'
import { addBalanceTransaction } from './balance.ts'

/** What Stripe charges for a dispute in the US. */
const DISPUTE_FEE_MINOR = 1500
const RESPONSE_DAYS = 21

const TEXT_EVIDENCE = [
  'access_activity_log',
  'billing_address',
  'cancellation_policy_disclosure',
  'cancellation_rebuttal',
  'customer_email_address',
  'customer_name',
  'customer_purchase_ip',
  'duplicate_charge_explanation',
  'duplicate_charge_id',
  'product_description',
  'refund_policy_disclosure',
  'refund_refusal_explanation',
  'service_date',
  'shipping_address',
  'shipping_carrier',
  'shipping_date',
  'shipping_tracking_number',
  'uncategorized_text',
] as const
const FILE_EVIDENCE = [
  'cancellation_policy',
  'customer_communication',
  'customer_signature',
  'duplicate_charge_documentation',
  'receipt',
  'refund_policy',
  'service_documentation',
  'shipping_documentation',
  'uncategorized_file',
] as const

export interface DisputeOptions {
  reason?: string
  amountMinor?: number
  /** An inquiry asks before it takes: no money moves. */
  inquiry?: boolean
}

/** The cardholder's bank takes the money back. */
export function openDispute(ctx: Context, charge: Charge, options: DisputeOptions = {}): Dispute {
  if (charge.status !== 'succeeded' || !charge.captured) {
    throw invalid(`Charge ${charge.id} cannot be disputed: it has not been paid.`, 'charge')
  }
  const amount = options.amountMinor ?? charge.amount
  const reason = options.reason ?? 'fraudulent'
  const id = ctx.id('du')
  const dispute: Dispute = {
    id,
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: charge.id,
    created: ctx.now,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: {
      ...Object.fromEntries([...TEXT_EVIDENCE, ...FILE_EVIDENCE].map((key) => [key, null])),
      customer_email_address: charge.billing_details.email,
      customer_name: charge.billing_details.name,
      enhanced_evidence: {},
    } as unknown as Dispute['evidence'],
    evidence_details: {
      due_by: ctx.now + RESPONSE_DAYS * 86_400,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: options.inquiry ?? false,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: {
        brand: charge.payment_method_details?.card?.brand ?? 'visa',
        case_type: options.inquiry ? 'inquiry' : 'chargeback',
        network: charge.payment_method_details?.card?.network ?? 'visa',
        network_reason_code: '10.4',
      },
      type: 'card',
    } as Dispute['payment_method_details'],
    reason,
    status: options.inquiry ? 'warning_needs_response' : 'needs_response',
  }
  ctx.add('dispute', dispute)
  const previous = ctx.change(charge, { disputed: true })
  ctx.emit('charge.dispute.created', dispute)
  ctx.emit('charge.updated', charge, previous)
  if (!options.inquiry) withdraw(ctx, dispute)
  return dispute
}

function withdraw(ctx: Context, dispute: Dispute): void {
  const movement = addBalanceTransaction(ctx, {
    type: 'adjustment',
    category: 'dispute',
    amountMinor: -dispute.amount,
    feeMinor: DISPUTE_FEE_MINOR,
    currency: dispute.currency,
    source: dispute.id,
    description: `Chargeback withdrawal for ${idOf(dispute.charge)}`,
    atOnce: true,
  })
  const previous = ctx.change(dispute, { balance_transactions: [movement as WireMovement] })
  ctx.emit('charge.dispute.funds_withdrawn', dispute, previous)
}

type WireMovement = Dispute['balance_transactions'][number] & BalanceTransaction

const CLOSED = ['won', 'lost', 'warning_closed', 'prevented']

/** The bank decides; only an open dispute can be decided. */
export function decideDispute(ctx: Context, dispute: Dispute, verdict: 'won' | 'lost'): void {
  const thinksAgain = dispute.status === 'lost' && verdict === 'won'
  if (CLOSED.includes(dispute.status) && !thinksAgain) {
    throw invalid(`This dispute is already closed (${dispute.status}).`, undefined, 'dispute_already_closed')
  }
  ctx.unschedule('dispute_decides', dispute.id)
  const inquiry = dispute.status.startsWith('warning_')
  const status = inquiry && verdict === 'won' ? 'warning_closed' : verdict
  const previous = ctx.change(dispute, { status })
  if (verdict === 'won' && !inquiry) {
    const movement = addBalanceTransaction(ctx, {
      type: 'adjustment',
      category: 'dispute_reversal',
      amountMinor: dispute.amount,
      currency: dispute.currency,
      source: dispute.id,
      description: `Chargeback reversal for ${idOf(dispute.charge)}`,
      atOnce: true,
    })
    const before = ctx.change(dispute, {
      balance_transactions: [...dispute.balance_transactions, movement as WireMovement],
    })
    ctx.emit('charge.dispute.funds_reinstated', dispute, before)
  }
  ctx.emit('charge.dispute.closed', dispute, previous)
}

/** `POST /v1/disputes/:id`. Stripe's test texts `winning_evidence` and `losing_evidence` decide what the bank will say. */
export function updateDispute(ctx: Context, dispute: Dispute, params: Params): Dispute {
  const given = params.obj('evidence')
  const evidence: Record<string, unknown> = { ...dispute.evidence }
  for (const key of [...TEXT_EVIDENCE, ...FILE_EVIDENCE]) {
    const value = given?.nullable(key)
    if (value !== undefined) evidence[key] = value
  }
  given?.ignore('enhanced_evidence', 'appeal')
  const submit = given ? (params.bool('submit') ?? true) : (params.bool('submit') ?? false)
  const metadata = mergeMetadata(dispute.metadata, params)
  params.ignore('intended_submission_method')
  params.done()
  if (given && CLOSED.includes(dispute.status)) {
    throw invalid('This dispute is already closed.', undefined, 'dispute_already_closed')
  }
  const patch: Partial<Dispute> = { metadata, evidence: evidence as unknown as Dispute['evidence'] }
  if (given) {
    patch.evidence_details = {
      ...dispute.evidence_details,
      has_evidence: true,
      ...(submit
        ? {
            submission_count: dispute.evidence_details.submission_count + 1,
            submission_method: 'manual' as const,
          }
        : {}),
    }
    if (submit) patch.status = dispute.status.startsWith('warning_') ? 'warning_under_review' : 'under_review'
  }
  const text = String(evidence.uncategorized_text ?? '')
  if (submit && given) {
    if (text.includes('winning_evidence')) patch._sandbox = { verdict: 'won' }
    if (text.includes('losing_evidence')) patch._sandbox = { verdict: 'lost' }
    if (patch._sandbox) ctx.schedule('dispute_decides', dispute.id, ctx.now + ctx.settings.asyncSeconds)
  }
  ctx.changeAndEmit('charge.dispute.updated', dispute, patch)
  return dispute
}

/** An issuer reports suspected fraud: a warning, not a dispute. */
export function warnOfFraud(
  ctx: Context,
  charge: Charge,
  fraudType = 'made_with_stolen_card',
): EarlyFraudWarning {
  const warning: EarlyFraudWarning = {
    id: ctx.id('issfr'),
    object: 'radar.early_fraud_warning',
    actionable: !charge.refunded && !charge.disputed,
    charge: charge.id,
    created: ctx.now,
    fraud_type: fraudType,
    livemode: false,
    payment_intent: charge.payment_intent ?? undefined,
  }
  ctx.add('radar.early_fraud_warning', warning)
  ctx.emit('radar.early_fraud_warning.created', warning)
  return warning
}

/** What the test card was made for, once its charge has gone through. */
export function sufferAftermath(ctx: Context, charge: Charge): void {
  switch (behaviorOf(charge._sandbox?.behavior ?? 'succeeds').afterSuccess) {
    case 'dispute_fraudulent':
      openDispute(ctx, charge)
      return
    case 'dispute_not_received':
      openDispute(ctx, charge, { reason: 'product_not_received' })
      return
    case 'inquiry':
      openDispute(ctx, charge, { inquiry: true })
      return
    case 'early_fraud_warning':
      warnOfFraud(ctx, charge)
      return
    default:
  }
}
