import { createHash } from 'node:crypto'
import { behaviorOf } from '../cards.ts'
import type { Context } from '../context.ts'
import type { Charge, PaymentIntent, PaymentMethod } from '../types.ts'
import { receiptNumber } from './customer.ts'

export type ChargeOutcome =
  | { status: 'succeeded'; captured: boolean }
  | { status: 'pending' }
  | { status: 'failed'; code: string; declineCode?: string; message: string; blocked: boolean }

/** The charge of one attempt to pay an intent. The caller adds balance movements and events. */
export function newCharge(
  ctx: Context,
  intent: PaymentIntent,
  method: PaymentMethod,
  outcome: ChargeOutcome,
): Charge {
  const id = ctx.id(method.type === 'card' ? 'ch' : 'py')
  const succeeded = outcome.status === 'succeeded'
  const captured = succeeded && outcome.captured
  const failed = outcome.status === 'failed' ? outcome : undefined
  const charge: Charge = {
    id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: captured ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: intent.application_fee_amount,
    balance_transaction: null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: intent.statement_descriptor ?? 'SANDBOX',
    captured,
    created: ctx.now,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: failed?.code ?? null,
    failure_message: failed?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: intent.on_behalf_of,
    outcome: outcomeOf(outcome),
    paid: succeeded,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: detailsOf(intent, method, outcome),
    receipt_email: intent.receipt_email,
    receipt_number: intent.receipt_email ? receiptNumber() : null,
    receipt_url: outcome.status === 'failed' ? null : `${ctx.url}/receipts/${id}`,
    refunded: false,
    review: null,
    shipping: intent.shipping as Charge['shipping'],
    source: null,
    source_transfer: null,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: outcome.status,
    transfer_data: intent.transfer_data
      ? {
          amount: intent.transfer_data.amount ?? null,
          destination: intent.transfer_data.destination,
        }
      : null,
    transfer_group: intent.transfer_group,
    _sandbox: { behavior: method._sandbox?.behavior ?? 'succeeds' },
  }
  return ctx.add('charge', charge)
}

function outcomeOf(outcome: ChargeOutcome): Charge['outcome'] {
  if (outcome.status !== 'failed') {
    return {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: 'approved_by_network',
      reason: null,
      risk_level: 'normal',
      risk_score: 12,
      seller_message: 'Payment complete.',
      type: 'authorized',
    }
  }
  return {
    advice_code: outcome.declineCode === 'insufficient_funds' ? 'try_again_later' : null,
    network_advice_code: null,
    network_decline_code: outcome.blocked ? null : '01',
    network_status: outcome.blocked ? 'not_sent_to_network' : 'declined_by_network',
    reason: outcome.blocked ? 'highest_risk_level' : (outcome.declineCode ?? outcome.code),
    risk_level: outcome.blocked ? 'highest' : 'normal',
    risk_score: outcome.blocked ? 92 : 12,
    seller_message: outcome.blocked
      ? 'Stripe blocked this payment as too risky.'
      : 'The bank did not return any further details with this decline.',
    type: outcome.blocked ? 'blocked' : 'issuer_declined',
  }
}

function detailsOf(
  intent: PaymentIntent,
  method: PaymentMethod,
  outcome: ChargeOutcome,
): Charge['payment_method_details'] {
  if (method.us_bank_account) {
    const bank = method.us_bank_account
    return {
      type: 'us_bank_account',
      us_bank_account: {
        account_holder_type: bank.account_holder_type,
        account_type: bank.account_type,
        bank_name: bank.bank_name,
        fingerprint: bank.fingerprint,
        last4: bank.last4,
        payment_reference: null,
        routing_number: bank.routing_number,
      },
    }
  }
  if (method.sepa_debit) {
    const debit = method.sepa_debit
    return {
      type: 'sepa_debit',
      sepa_debit: {
        bank_code: debit.bank_code,
        branch_code: debit.branch_code,
        country: debit.country,
        fingerprint: debit.fingerprint,
        last4: debit.last4,
        mandate: null,
      },
    }
  }
  const card = method.card
  const asked = behaviorOf(method._sandbox?.behavior ?? '').threeDSecure && intent._sandbox?.authenticated
  const approved = outcome.status === 'succeeded'
  return {
    type: 'card',
    card: {
      amount_authorized: approved ? intent.amount : null,
      authorization_code: approved ? digits(intent.id, 6) : null,
      brand: card?.brand ?? null,
      checks: {
        address_line1_check: null,
        address_postal_code_check: null,
        cvc_check: approved ? 'pass' : null,
      },
      country: card?.country ?? null,
      electronic_commerce_indicator: asked ? '05' : null,
      exp_month: card?.exp_month ?? 12,
      exp_year: card?.exp_year ?? 2034,
      extended_authorization: { status: 'disabled' },
      fingerprint: card?.fingerprint ?? null,
      funding: card?.funding ?? null,
      incremental_authorization: { status: 'unavailable' },
      installments: null,
      last4: card?.last4 ?? null,
      mandate: null,
      multicapture: { status: 'unavailable' },
      network: card?.brand ?? null,
      network_token: { used: false },
      network_transaction_id: digits(`${intent.id}network`, 15),
      overcapture: { maximum_amount_capturable: intent.amount, status: 'unavailable' },
      regulated_status: 'unregulated',
      three_d_secure: asked
        ? {
            authentication_flow: 'challenge',
            electronic_commerce_indicator: '05',
            exemption_indicator: null,
            result: 'authenticated',
            result_reason: null,
            transaction_id: digits(`${intent.id}3ds`, 12),
            version: '2.2.0',
          }
        : null,
      transaction_link_id: null,
      wallet: null,
    },
  }
}

function digits(of: string, length: number): string {
  return BigInt(`0x${createHash('sha256').update(of).digest('hex').slice(0, 16)}`)
    .toString()
    .padStart(length, '0')
    .slice(-length)
}
