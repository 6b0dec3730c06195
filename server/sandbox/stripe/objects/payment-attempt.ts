import { type Behavior, behaviorOf } from '../cards.ts'
import type { Context } from '../context.ts'
import { StripeFault, unexpectedState } from '../errors.ts'
import { strip } from '../present.ts'
import type { Charge, PaymentIntent, PaymentMethod } from '../types.ts'
import { addBalanceTransaction, processingFee } from './balance.ts'
import { newCharge } from './charge.ts'
import { settleDestination } from './connect.ts'
import { attachPaymentMethod } from './payment-method.ts'

export interface ConfirmOptions {
  /** The customer is not there to answer a challenge. */
  offSession?: boolean
  /** The customer has just passed the challenge. */
  authenticated?: boolean
  returnUrl?: string
  errorOnRequiresAction?: boolean
}

export type Payment =
  | { outcome: 'succeeded' | 'processing' | 'requires_action' | 'requires_capture' }
  | { outcome: 'failed'; fault: StripeFault }

export const CONFIRMABLE = ['requires_payment_method', 'requires_confirmation', 'requires_action']

/** One attempt to pay. Failing is an outcome, not an exception: the failed charge stays on record. */
export function confirmPaymentIntent(
  ctx: Context,
  intent: PaymentIntent,
  method: PaymentMethod,
  options: ConfirmOptions = {},
): Payment {
  if (!CONFIRMABLE.includes(intent.status)) {
    throw unexpectedState(
      'payment_intent',
      `You cannot confirm this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action.`,
    )
  }
  const behavior = behaviorOf(method._sandbox?.behavior ?? 'succeeds')
  const hidden = { ...intent._sandbox, offSession: options.offSession, returnUrl: options.returnUrl }
  if (options.authenticated) hidden.authenticated = true
  ctx.change(intent, { payment_method: method.id, _sandbox: hidden })
  if (asksForChallenge(behavior, method) && !options.authenticated)
    return challenge(ctx, intent, method, options)
  if (method.type !== 'card') return debit(ctx, intent, method)
  const savedCardFails = behavior.failsLater && (options.offSession || method.customer !== null)
  const decline = behavior.decline ?? (savedCardFails ? behaviorOf('generic_decline').decline : undefined)
  if (decline) return fail(ctx, intent, method, decline, behavior.blocked ?? false)
  return succeed(ctx, intent, method)
}

function asksForChallenge(behavior: Behavior, method: PaymentMethod): boolean {
  if (behavior.threeDSecure === 'always') return true
  return behavior.threeDSecure === 'unless_saved' && method._sandbox?.authenticated !== true
}

function challenge(
  ctx: Context,
  intent: PaymentIntent,
  method: PaymentMethod,
  options: ConfirmOptions,
): Payment {
  if (options.offSession || options.errorOnRequiresAction) {
    return fail(
      ctx,
      intent,
      method,
      {
        code: options.offSession ? 'authentication_required' : 'card_declined',
        declineCode: 'authentication_required',
        message: 'Your card was declined. This transaction requires authentication.',
      },
      false,
    )
  }
  const page = `${ctx.url}/3d_secure/${intent.id}`
  ctx.change(intent, {
    status: 'requires_action',
    next_action: options.returnUrl
      ? { type: 'redirect_to_url', redirect_to_url: { return_url: options.returnUrl, url: page } }
      : { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: page } },
  })
  ctx.emit('payment_intent.requires_action', intent)
  return { outcome: 'requires_action' }
}

/** The challenge was failed or abandoned. */
export function failAuthentication(ctx: Context, intent: PaymentIntent): Payment {
  const method = intent.payment_method ? ctx.find('payment_method', intent.payment_method) : undefined
  const fault = new StripeFault(402, {
    type: 'invalid_request_error',
    code: 'payment_intent_authentication_failure',
    message:
      'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.',
  })
  rejectIntent(ctx, intent, method, fault)
  return { outcome: 'failed', fault }
}

function fail(
  ctx: Context,
  intent: PaymentIntent,
  method: PaymentMethod,
  decline: NonNullable<Behavior['decline']>,
  blocked: boolean,
): Payment {
  const charge = newCharge(ctx, intent, method, { status: 'failed', ...decline, blocked })
  ctx.change(intent, { latest_charge: charge.id })
  ctx.emit('charge.failed', charge)
  const fault = new StripeFault(
    402,
    {
      type: 'card_error',
      code: decline.code,
      decline_code: decline.declineCode,
      advice_code: decline.declineCode === 'insufficient_funds' ? 'try_again_later' : undefined,
      charge: charge.id,
      message: decline.message,
      param: decline.code === 'incorrect_cvc' ? 'cvc' : undefined,
    },
    true,
  )
  rejectIntent(ctx, intent, method, fault)
  fault.body.payment_intent = strip(intent)
  fault.body.payment_method = strip(method)
  return { outcome: 'failed', fault }
}

function rejectIntent(
  ctx: Context,
  intent: PaymentIntent,
  method: PaymentMethod | undefined,
  fault: StripeFault,
): void {
  const { charge, code, decline_code, message, param, type } = fault.body
  ctx.change(intent, {
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    last_payment_error: {
      charge,
      code,
      decline_code,
      doc_url: `https://docs.stripe.com/error-codes#${code?.replaceAll('_', '-')}`,
      message,
      param,
      ...(method ? { payment_method: strip(method) } : {}),
      type,
    } as PaymentIntent['last_payment_error'],
  })
  ctx.emit('payment_intent.payment_failed', intent)
}

function debit(ctx: Context, intent: PaymentIntent, method: PaymentMethod): Payment {
  const charge = newCharge(ctx, intent, method, { status: 'pending' })
  ctx.change(intent, { status: 'processing', latest_charge: charge.id, next_action: null })
  ctx.emit('payment_intent.processing', intent)
  ctx.emit('charge.pending', charge)
  ctx.schedule('payment_settles', intent.id, ctx.now + ctx.settings.asyncSeconds)
  return { outcome: 'processing' }
}

/** A bank debit's answer has arrived. */
export function settleDebit(ctx: Context, intent: PaymentIntent, succeeds: boolean): Payment {
  const charge = ctx.find('charge', intent.latest_charge)
  const method = ctx.find('payment_method', intent.payment_method)
  if (!charge || intent.status !== 'processing') {
    throw unexpectedState('payment_intent', `This PaymentIntent has a status of ${intent.status}.`)
  }
  if (succeeds) {
    ctx.change(charge, { status: 'succeeded', paid: true, captured: true, amount_captured: charge.amount })
    collect(ctx, charge)
    ctx.emit('charge.succeeded', charge)
    ctx.change(intent, { status: 'succeeded', amount_received: intent.amount, last_payment_error: null })
    ctx.emit('payment_intent.succeeded', intent)
    return { outcome: 'succeeded' }
  }
  const message = "The customer's bank account could not be debited: insufficient funds."
  ctx.change(charge, { status: 'failed', failure_code: 'insufficient_funds', failure_message: message })
  ctx.emit('charge.failed', charge)
  const fault = new StripeFault(402, {
    type: 'card_error',
    code: 'payment_intent_payment_attempt_failed',
    decline_code: 'insufficient_funds',
    charge: charge.id,
    message,
  })
  rejectIntent(ctx, intent, method, fault)
  return { outcome: 'failed', fault }
}

function succeed(ctx: Context, intent: PaymentIntent, method: PaymentMethod): Payment {
  const captured = intent.capture_method !== 'manual'
  const charge = newCharge(ctx, intent, method, { status: 'succeeded', captured })
  ctx.change(intent, {
    latest_charge: charge.id,
    next_action: null,
    last_payment_error: null,
    status: captured ? 'succeeded' : 'requires_capture',
    amount_received: captured ? intent.amount : 0,
    amount_capturable: captured ? 0 : intent.amount,
  })
  saveForLater(ctx, intent, method)
  if (!captured) {
    ctx.emit('charge.succeeded', charge)
    ctx.emit('payment_intent.amount_capturable_updated', intent)
    return { outcome: 'requires_capture' }
  }
  // With asynchronous capture the balance movement follows the charge: `charge.updated` brings it.
  ctx.emit('charge.succeeded', charge)
  ctx.emit('payment_intent.succeeded', intent)
  const previous = collect(ctx, charge)
  ctx.emit('charge.updated', charge, previous)
  return { outcome: 'succeeded' }
}

function saveForLater(ctx: Context, intent: PaymentIntent, method: PaymentMethod): void {
  if (!intent.setup_future_usage || !intent.customer) return
  attachPaymentMethod(ctx, method, intent.customer, { authenticated: intent._sandbox?.authenticated })
}

/** Puts a captured charge on the balance, shares it with its destination, and lets the test card's fate take its course. */
export function collect(ctx: Context, charge: Charge): Record<string, unknown> {
  const behavior = behaviorOf(charge._sandbox?.behavior ?? 'succeeds')
  const movement = addBalanceTransaction(ctx, {
    type: charge.id.startsWith('py_') ? 'payment' : 'charge',
    category: 'charge',
    amountMinor: charge.amount_captured,
    feeMinor: processingFee(charge.amount_captured),
    currency: charge.currency,
    source: charge.id,
    description: charge.description,
    atOnce: behavior.bypassesPending,
  })
  const previous = ctx.change(charge, { balance_transaction: movement.id })
  settleDestination(ctx, charge)
  if (behavior.afterSuccess) ctx.schedule('charge_aftermath', charge.id, ctx.now)
  return previous
}
