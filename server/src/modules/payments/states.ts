/** What may follow what. Staying is always allowed; an empty list is a final state, which nothing resurrects. */
type Transitions<S extends string> = { readonly [From in S]: readonly S[] }

export type CheckoutStatus = 'open' | 'processing' | 'complete' | 'failed' | 'expired'
export type PaymentStatus =
  | 'processing'
  | 'succeeded'
  | 'failed'
  | 'partially_refunded'
  | 'refunded'
  | 'disputed'
export type RefundStatus = 'requested' | 'pending' | 'requires_action' | 'succeeded' | 'failed' | 'canceled'
export type SubscriptionStatus =
  | 'incomplete'
  | 'incomplete_expired'
  | 'trialing'
  | 'active'
  | 'past_due'
  | 'canceled'
  | 'unpaid'
  | 'paused'
export type InvoiceStatus = 'draft' | 'open' | 'paid' | 'uncollectible' | 'void'
export type DisputeStatus =
  | 'warning_needs_response'
  | 'warning_under_review'
  | 'warning_closed'
  | 'needs_response'
  | 'under_review'
  | 'appeal_needs_response'
  | 'appeal_under_review'
  | 'prevented'
  | 'won'
  | 'lost'

const openSubscription = ['trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled'] as const
const openDispute = [
  'needs_response',
  'under_review',
  'appeal_needs_response',
  'appeal_under_review',
  'prevented',
  'won',
  'lost',
] as const
const warning = ['warning_needs_response', 'warning_under_review', 'warning_closed', ...openDispute] as const

/**
 * Every state machine of payments as data. Settling moves our rows only along these, whatever order events come in.
 * A payment leaves `refunded` only when a refund failed at the bank, and `disputed` when the dispute ended in our favor.
 */
export const transitions = {
  checkout: {
    open: ['processing', 'complete', 'failed', 'expired'],
    processing: ['complete', 'failed'],
    complete: [],
    // We may have given up on a page that Stripe kept: what is paid there is paid.
    failed: ['complete'],
    expired: ['complete'],
  } satisfies Transitions<CheckoutStatus>,
  payment: {
    // A declined card may be followed by a good one in the same Checkout Session.
    failed: ['processing', 'succeeded', 'partially_refunded', 'refunded', 'disputed'],
    processing: ['failed', 'succeeded', 'partially_refunded', 'refunded', 'disputed'],
    succeeded: ['partially_refunded', 'refunded', 'disputed'],
    partially_refunded: ['succeeded', 'refunded', 'disputed'],
    refunded: ['succeeded', 'partially_refunded', 'disputed'],
    disputed: ['succeeded', 'partially_refunded', 'refunded'],
  } satisfies Transitions<PaymentStatus>,
  refund: {
    requested: ['pending', 'requires_action', 'succeeded', 'failed', 'canceled'],
    pending: ['requires_action', 'succeeded', 'failed', 'canceled'],
    requires_action: ['pending', 'succeeded', 'failed', 'canceled'],
    // Banks send refunds back weeks after they "succeeded".
    succeeded: ['failed'],
    failed: [],
    canceled: [],
  } satisfies Transitions<RefundStatus>,
  subscription: {
    incomplete: ['incomplete_expired', ...openSubscription],
    trialing: openSubscription,
    active: openSubscription,
    past_due: openSubscription,
    unpaid: openSubscription,
    paused: openSubscription,
    canceled: [],
    incomplete_expired: [],
  } satisfies Transitions<SubscriptionStatus>,
  invoice: {
    draft: ['open', 'paid', 'uncollectible', 'void'],
    open: ['paid', 'uncollectible', 'void'],
    uncollectible: ['paid', 'void'],
    paid: [],
    void: [],
  } satisfies Transitions<InvoiceStatus>,
  dispute: {
    warning_needs_response: warning,
    warning_under_review: warning,
    needs_response: openDispute,
    under_review: openDispute,
    appeal_needs_response: openDispute,
    appeal_under_review: openDispute,
    warning_closed: [],
    prevented: [],
    won: [],
    // Banks think again, seldom: on an appeal, or weeks later by themselves.
    lost: ['appeal_needs_response', 'appeal_under_review', 'won'],
  } satisfies Transitions<DisputeStatus>,
} as const

export type Machine = keyof typeof transitions
export type StateOf<M extends Machine> = keyof (typeof transitions)[M] & string

/** Whether `value` is a state this machine knows. Stripe may add states in later API versions. */
export function isState<M extends Machine>(machine: M, value: string): value is StateOf<M> {
  return Object.hasOwn(transitions[machine], value)
}

/** The state Stripe names. @throws Error for one we do not know: the event then fails where admins see it */
export function knownState<M extends Machine>(machine: M, value: string | null | undefined): StateOf<M> {
  if (typeof value === 'string' && isState(machine, value)) return value
  throw new Error(`Stripe told of an unknown ${machine} status: ${value}`)
}

/** Whether a row may go from one state to another; staying is always allowed. */
export function canMove<M extends Machine>(machine: M, from: StateOf<M>, to: StateOf<M>): boolean {
  if (from === to) return true
  const targets: readonly string[] = (transitions[machine] as Record<string, readonly string[]>)[from] ?? []
  return targets.includes(to)
}

/** Whether nothing follows. */
export function isFinal<M extends Machine>(machine: M, state: StateOf<M>): boolean {
  return ((transitions[machine] as Record<string, readonly string[]>)[state] ?? []).length === 0
}

/** A refund that takes, or will take, money from the payment. */
export const isLiveRefund = (status: RefundStatus): boolean => status !== 'failed' && status !== 'canceled'

/** The bank has taken the money and the verdict is open. Inquiries (`warning_…`) take nothing and change nothing. */
export const isOpenDispute = (status: DisputeStatus): boolean =>
  status === 'needs_response' ||
  status === 'under_review' ||
  status === 'appeal_needs_response' ||
  status === 'appeal_under_review'

/** The bank has decided, for now. */
export const isClosedDispute = (status: DisputeStatus): boolean =>
  status === 'lost' || isFinal('dispute', status)

/** What a payment entitles to. */
export type Claim = 'none' | 'granted' | 'disputed' | 'refunded' | 'dispute_lost'

export interface Money {
  status: PaymentStatus
  amountMinor: number
  refundedMinor: number
  claim: Claim
}

/**
 * The state of a payment as a function of what Stripe says now about its intent, refunds and disputes; no history needed.
 * @returns null while nobody has tried to pay
 */
export function moneyOf(facts: {
  intentStatus: string
  amountMinor: number
  hasFailed: boolean
  refunds: readonly { status: RefundStatus; amountMinor: number }[]
  disputes: readonly { status: DisputeStatus }[]
}): Money | null {
  const { intentStatus, amountMinor, refunds, disputes } = facts
  if (intentStatus === 'processing')
    return { status: 'processing', amountMinor, refundedMinor: 0, claim: 'none' }
  if (intentStatus !== 'succeeded') {
    return facts.hasFailed ? { status: 'failed', amountMinor, refundedMinor: 0, claim: 'none' } : null
  }
  const refundedMinor = Math.min(
    amountMinor,
    refunds.reduce((sum, refund) => sum + (isLiveRefund(refund.status) ? refund.amountMinor : 0), 0),
  )
  const money = { amountMinor, refundedMinor }
  if (disputes.some(({ status }) => status === 'lost'))
    return { ...money, status: 'disputed', claim: 'dispute_lost' }
  if (disputes.some(({ status }) => isOpenDispute(status)))
    return { ...money, status: 'disputed', claim: 'disputed' }
  if (amountMinor > 0 && refundedMinor === amountMinor)
    return { ...money, status: 'refunded', claim: 'refunded' }
  return { ...money, status: refundedMinor > 0 ? 'partially_refunded' : 'succeeded', claim: 'granted' }
}
