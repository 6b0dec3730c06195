/** How a test card behaves beyond plain success. */
export interface Behavior {
  /** Error code and, for a bank's refusal, its reason; null: charges succeed. */
  decline?: { code: string; declineCode?: string; message: string }
  /** 'always': every on-session payment asks; 'unless_saved': not after a customer has authenticated it once. */
  threeDSecure?: 'always' | 'unless_saved'
  /** Attaching works, charging a customer fails. */
  failsLater?: boolean
  afterSuccess?: 'dispute_fraudulent' | 'dispute_not_received' | 'inquiry' | 'early_fraud_warning'
  refund?: 'pending_then_succeeds' | 'succeeds_then_fails'
  /** The money is available at once. */
  bypassesPending?: boolean
  /** Refused by Radar rather than the bank. */
  blocked?: boolean
  /** Bank debits: what becomes of the debit. */
  settlement?: 'succeeded' | 'failed'
}

const declined = (declineCode: string): Behavior => ({
  decline: { code: 'card_declined', declineCode, message: DECLINE_MESSAGES[declineCode] ?? DECLINED },
})
const DECLINED = 'Your card was declined.'
const DECLINE_MESSAGES: Record<string, string> = {
  insufficient_funds: 'Your card has insufficient funds.',
  card_velocity_exceeded:
    'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
}

/** By name; the names are ours, the behaviors are those of https://docs.stripe.com/testing. */
export const BEHAVIORS: Record<string, Behavior> = {
  succeeds: {},
  generic_decline: declined('generic_decline'),
  insufficient_funds: declined('insufficient_funds'),
  lost_card: declined('lost_card'),
  stolen_card: declined('stolen_card'),
  card_velocity_exceeded: declined('card_velocity_exceeded'),
  expired_card: { decline: { code: 'expired_card', message: 'Your card has expired.' } },
  incorrect_cvc: { decline: { code: 'incorrect_cvc', message: "Your card's security code is incorrect." } },
  processing_error: {
    decline: {
      code: 'processing_error',
      message: 'An error occurred while processing your card. Try again in a little bit.',
    },
  },
  incorrect_number: { decline: { code: 'incorrect_number', message: 'Your card number is incorrect.' } },
  fraudulent_block: { ...declined('fraudulent'), blocked: true },
  fails_later: { failsLater: true },
  three_d_secure: { threeDSecure: 'always' },
  three_d_secure_unless_saved: { threeDSecure: 'unless_saved' },
  three_d_secure_then_insufficient_funds: { ...declined('insufficient_funds'), threeDSecure: 'always' },
  three_d_secure_then_declined: { ...declined('generic_decline'), threeDSecure: 'always' },
  dispute_fraudulent: { afterSuccess: 'dispute_fraudulent' },
  dispute_not_received: { afterSuccess: 'dispute_not_received' },
  inquiry: { afterSuccess: 'inquiry' },
  early_fraud_warning: { afterSuccess: 'early_fraud_warning' },
  refund_pending: { refund: 'pending_then_succeeds' },
  refund_fails: { refund: 'succeeds_then_fails' },
  bypasses_pending: { bypassesPending: true },
  debit_succeeds: { settlement: 'succeeded' },
  debit_fails: { settlement: 'failed' },
}

/** What stays of a card once its number has been read. */
export interface Card {
  brand: string
  last4: string
  funding: 'credit' | 'debit' | 'prepaid'
  country: string
  behavior: string
}

const card = (
  number: string,
  brand: string,
  behavior = 'succeeds',
  funding: Card['funding'] = 'credit',
): [string, Card] => [number, { brand, last4: number.slice(-4), funding, country: 'US', behavior }]

/** Stripe's documented test numbers. Public test data, no one's card. */
const NUMBERS = new Map<string, Card>([
  card('4242424242424242', 'visa'),
  card('4000056655665556', 'visa', 'succeeds', 'debit'),
  card('5555555555554444', 'mastercard'),
  card('2223003122003222', 'mastercard'),
  card('5200828282828210', 'mastercard', 'succeeds', 'debit'),
  card('5105105105105100', 'mastercard', 'succeeds', 'prepaid'),
  card('378282246310005', 'amex'),
  card('371449635398431', 'amex'),
  card('6011111111111117', 'discover'),
  card('3056930009020004', 'diners'),
  card('3566002020360505', 'jcb'),
  card('6200000000000005', 'unionpay'),
  card('4000000000000002', 'visa', 'generic_decline'),
  card('4000000000009995', 'visa', 'insufficient_funds'),
  card('4000000000009987', 'visa', 'lost_card'),
  card('4000000000009979', 'visa', 'stolen_card'),
  card('4000000000000069', 'visa', 'expired_card'),
  card('4000000000000127', 'visa', 'incorrect_cvc'),
  card('4000000000000119', 'visa', 'processing_error'),
  card('4242424242424241', 'visa', 'incorrect_number'),
  card('4000000000006975', 'visa', 'card_velocity_exceeded'),
  card('4100000000000019', 'visa', 'fraudulent_block'),
  card('4000000000000341', 'visa', 'fails_later'),
  card('4000002500003155', 'visa', 'three_d_secure_unless_saved'),
  card('4000002760003184', 'visa', 'three_d_secure'),
  card('4000000000003220', 'visa', 'three_d_secure'),
  card('4000008260003178', 'visa', 'three_d_secure_then_insufficient_funds'),
  card('4000008400001629', 'visa', 'three_d_secure_then_declined'),
  card('4000000000000259', 'visa', 'dispute_fraudulent'),
  card('4000000000002685', 'visa', 'dispute_not_received'),
  card('4000000000001976', 'visa', 'inquiry'),
  card('4000000000005423', 'visa', 'early_fraud_warning'),
  card('4000000000007726', 'visa', 'refund_pending'),
  card('4000000000005126', 'visa', 'refund_fails'),
  card('4000000000000077', 'visa', 'bypasses_pending'),
])

/** Looks a typed number up; anything but a documented test number is refused, so no real card is ever taken. */
export function cardByNumber(typed: string): Card | undefined {
  return NUMBERS.get(typed.replace(/[\s-]/g, ''))
}

/** `pm_card_…` and `tok_…` share their last part. https://docs.stripe.com/testing?testing-method=payment-methods */
const BY_NAME: Record<string, string> = {
  visa: '4242424242424242',
  visa_debit: '4000056655665556',
  mastercard: '5555555555554444',
  mastercard_debit: '5200828282828210',
  mastercard_prepaid: '5105105105105100',
  amex: '378282246310005',
  discover: '6011111111111117',
  diners: '3056930009020004',
  jcb: '3566002020360505',
  unionpay: '6200000000000005',
  us: '4242424242424242',
  chargeDeclined: '4000000000000002',
  chargeDeclinedInsufficientFunds: '4000000000009995',
  chargeDeclinedLostCard: '4000000000009987',
  chargeDeclinedStolenCard: '4000000000009979',
  chargeDeclinedExpiredCard: '4000000000000069',
  chargeDeclinedIncorrectCvc: '4000000000000127',
  chargeDeclinedProcessingError: '4000000000000119',
  chargeDeclinedVelocityLimitExceeded: '4000000000006975',
  chargeDeclinedFraudulent: '4100000000000019',
  radarBlock: '4100000000000019',
  chargeCustomerFail: '4000000000000341',
  authenticationRequired: '4000002760003184',
  authenticationRequiredOnSetup: '4000002500003155',
  authenticationRequiredSetupForOffSession: '4000002500003155',
  authenticationRequiredChargeDeclinedInsufficientFunds: '4000008260003178',
  threeDSecure2Required: '4000000000003220',
  threeDSecureRequired: '4000000000003220',
  threeDSecureRequiredChargeDeclined: '4000008400001629',
  createDispute: '4000000000000259',
  createDisputeProductNotReceived: '4000000000002685',
  createDisputeInquiry: '4000000000001976',
  createIssuerFraudRecord: '4000000000005423',
  pendingRefund: '4000000000007726',
  refundFail: '4000000000005126',
  bypassPending: '4000000000000077',
}

/** `pm_card_visa_chargeDeclined` is the older spelling of `pm_card_chargeDeclined`. */
export function cardByTestId(id: string): Card | undefined {
  const name = /^(?:pm_card|tok)_(.+)$/.exec(id)?.[1]
  if (name === undefined) return undefined
  const number = BY_NAME[name] ?? BY_NAME[name.replace(/^visa_/, '')]
  return number === undefined ? undefined : NUMBERS.get(number)
}

/** Test IBANs and US account numbers → what becomes of the debit. */
const FAILING_ACCOUNTS = new Set([
  'AT861904300235473202',
  'DE62370400440532013001',
  'IT60X0542811101000000123456',
  '000111111116',
  '000111111113',
  '000222222227',
  '000333333335',
])

export function debitBehavior(accountNumber: string): string {
  return FAILING_ACCOUNTS.has(accountNumber.replace(/\s/g, '')) ? 'debit_fails' : 'debit_succeeds'
}

export function behaviorOf(name: string): Behavior {
  return BEHAVIORS[name] ?? {}
}
