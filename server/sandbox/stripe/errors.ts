/** The members of Stripe's error object that we fill in. https://docs.stripe.com/api/errors */
export interface FaultBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error'
  message: string
  code?: string
  param?: string
  decline_code?: string
  advice_code?: string
  charge?: string
  payment_intent?: unknown
  payment_method?: unknown
  setup_intent?: unknown
}

/** An answer that is an error. `commits` keeps what the request did up to then, as a declined charge must stay on record. */
export class StripeFault extends Error {
  readonly status: number
  readonly body: FaultBody
  readonly commits: boolean

  constructor(status: number, body: FaultBody, commits = false) {
    super(body.message)
    this.status = status
    this.body = body
    this.commits = commits
  }
}

/** 400: what the caller sent cannot be done. */
export function invalid(message: string, param?: string, code?: string): StripeFault {
  return new StripeFault(400, { type: 'invalid_request_error', message, param, code })
}

/** 404 (400 inside a body, as at Stripe): no such object for this account. */
export function missing(what: string, id: string, param = 'id'): StripeFault {
  return new StripeFault(param === 'id' ? 404 : 400, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${what}: '${id}'`,
    param,
  })
}

/** The state of an object forbids the call. */
export function unexpectedState(kind: string, message: string): StripeFault {
  return new StripeFault(400, { type: 'invalid_request_error', code: `${kind}_unexpected_state`, message })
}

/** What is posted: Stripe adds the links to its docs and to the request's log. */
export function faultAnswer(fault: StripeFault, requestId: string, sandboxUrl: string): { error: object } {
  const { code, ...rest } = fault.body
  return {
    error: {
      ...(code ? { code, doc_url: `https://docs.stripe.com/error-codes#${code.replaceAll('_', '-')}` } : {}),
      ...rest,
      request_log_url: `${sandboxUrl}/?request=${requestId}`,
    },
  }
}

/** More was to leave an account than is available in it. */
export const balanceInsufficient = (): StripeFault =>
  new StripeFault(400, {
    type: 'invalid_request_error',
    code: 'balance_insufficient',
    message:
      'You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance by creating Charges using the 4000000000000077 test card.',
  })
