import { behaviorOf } from '../cards.ts'
import type { Context } from '../context.ts'
import type { PaymentIntent } from '../types.ts'
import { settleSession } from './checkout-session.ts'
import { followIntent } from './collection.ts'
import { confirmPaymentIntent, failAuthentication, type Payment, settleDebit } from './payment-attempt.ts'

/** A bank debit's answer: the intent first, then the invoice and the session that wait for it. */
export function settlePayment(ctx: Context, intent: PaymentIntent): void {
  if (intent.status !== 'processing') return
  const method = ctx.find('payment_method', intent.payment_method)
  const succeeds = behaviorOf(method?._sandbox?.behavior ?? '').settlement !== 'failed'
  const payment = settleDebit(ctx, intent, succeeds)
  followIntent(ctx, intent, payment)
  const session = ctx.find('checkout.session', intent._sandbox?.session)
  if (session) settleSession(ctx, session, payment.outcome === 'succeeded')
}

/** A challenge outside Checkout was answered. */
export function answerIntentChallenge(ctx: Context, intent: PaymentIntent, passed: boolean): Payment {
  const method = ctx.find('payment_method', intent.payment_method)
  const payment =
    passed && method
      ? confirmPaymentIntent(ctx, intent, method, {
          ...intent._sandbox,
          authenticated: true,
          offSession: false,
        })
      : failAuthentication(ctx, intent)
  followIntent(ctx, intent, payment)
  return payment
}
