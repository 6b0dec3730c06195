import type { Context } from '../context.ts'
import { StripeFault, unexpectedState } from '../errors.ts'
import { idOf } from '../ids.ts'
import type { Invoice, InvoicePayment, PaymentMethod } from '../types.ts'
import { subscriptionIdOf } from './invoice-lines.ts'
import { type ConfirmOptions, confirmPaymentIntent, type Payment } from './payment-attempt.ts'
import { cancelPaymentIntent, createPaymentIntent } from './payment-intent.ts'

/** Draft → open: gets its number, its page, and the payment that will settle it (or has: `paidBy`). */
export function finalizeInvoice(ctx: Context, invoice: Invoice, paidBy?: string): void {
  if (invoice.status !== 'draft') {
    throw new StripeFault(400, {
      type: 'invalid_request_error',
      code: 'invoice_not_editable',
      message: `This invoice is already finalized, you can't re-finalize a non-draft invoice.`,
    })
  }
  ctx.unschedule('invoice_finalizes', invoice.id)
  const customer = ctx.find('customer', invoice.customer)
  if (customer) {
    const sequence = customer.next_invoice_sequence ?? 1
    ctx.change(customer, {
      next_invoice_sequence: sequence + 1,
      balance: Math.min(0, invoice.starting_balance + invoice.total),
    })
    invoice.number = `${customer.invoice_prefix}-${String(sequence).padStart(4, '0')}`
  }
  const page = `${ctx.url}/invoice/${invoice._sandbox?.token}`
  const previous = ctx.change(invoice, {
    status: 'open',
    effective_at: ctx.now,
    hosted_invoice_url: page,
    invoice_pdf: `${page}/pdf`,
    ending_balance: customer?.balance ?? 0,
    automatically_finalizes_at: null,
    status_transitions: { ...invoice.status_transitions, finalized_at: ctx.now },
  })
  ctx.emit('invoice.finalized', invoice, previous)
  if (invoice.amount_due === 0) {
    markPaid(ctx, invoice)
    return
  }
  const intent = paidBy ?? intentFor(ctx, invoice)
  ctx.change(invoice, { _sandbox: { token: '', ...invoice._sandbox, paymentIntent: intent } })
  newInvoicePayment(ctx, invoice, intent)
}

function intentFor(ctx: Context, invoice: Invoice): string {
  const subscription = ctx.find('subscription', subscriptionIdOf(invoice))
  const share = subscription?.transfer_data
  const percentOf = (percent: number | null | undefined) =>
    percent ? Math.round((invoice.amount_due * percent) / 100) : undefined
  return createPaymentIntent(ctx, {
    amountMinor: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer,
    data: {
      description:
        invoice.billing_reason === 'subscription_create'
          ? 'Subscription creation'
          : (invoice.description ?? 'Payment for Invoice'),
      // A subscription's share for its publisher is taken from every one of its invoices.
      transferDestination: idOf(share?.destination) ?? undefined,
      transferAmountMinor: percentOf(share?.amount_percent),
      applicationFeeMinor: share ? percentOf(subscription?.application_fee_percent) : undefined,
      setupFutureUsage: subscription ? 'off_session' : undefined,
      receiptEmail: invoice.customer_email ?? undefined,
    },
    hidden: { invoice: invoice.id, session: invoice._sandbox?.session },
  }).id
}

function newInvoicePayment(ctx: Context, invoice: Invoice, intent: string): InvoicePayment {
  return ctx.add('invoice_payment', {
    id: ctx.id('inpay'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: ctx.now,
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { payment_intent: intent, type: 'payment_intent' },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  })
}

/** One attempt at an open invoice. The caller draws the conclusions for the subscription. */
export function attemptInvoice(
  ctx: Context,
  invoice: Invoice,
  method: PaymentMethod | undefined,
  options: ConfirmOptions,
): Payment {
  const intent = ctx.find('payment_intent', invoice._sandbox?.paymentIntent)
  if (invoice.status !== 'open' || !intent) {
    throw unexpectedState('invoice', `Invoice is already ${invoice.status}`)
  }
  if (!method) {
    return {
      outcome: 'failed',
      fault: new StripeFault(400, {
        type: 'invalid_request_error',
        code: 'resource_missing',
        message:
          'There is no `default_payment_method` set on this Customer or Invoice. Please set either a `default_payment_method` or pass one.',
      }),
    }
  }
  // A challenge on an invoice is not a decline even off session: the customer is asked to come and answer it.
  const payment = confirmPaymentIntent(ctx, intent, method, { ...options, offSession: false })
  concludeAttempt(ctx, invoice, payment)
  return payment
}

/** What an attempt's outcome means for the invoice itself. */
export function concludeAttempt(ctx: Context, invoice: Invoice, payment: Payment): void {
  const attempted = { attempted: true, attempt_count: invoice.attempt_count + 1 }
  switch (payment.outcome) {
    case 'succeeded':
    case 'requires_capture':
      ctx.change(invoice, attempted)
      markPaid(ctx, invoice)
      return
    case 'processing':
      ctx.changeAndEmit('invoice.updated', invoice, attempted)
      return
    case 'requires_action':
      ctx.changeAndEmit('invoice.updated', invoice, attempted)
      ctx.emit('invoice.payment_action_required', invoice)
      ctx.emit('invoice.payment_failed', invoice)
      return
    case 'failed':
      ctx.changeAndEmit('invoice.updated', invoice, attempted)
      ctx.emit('invoice.payment_failed', invoice)
  }
}

export function markPaid(ctx: Context, invoice: Invoice, outOfBand = false): void {
  ctx.unschedule('invoice_retries', invoice.id)
  const previous = ctx.change(invoice, {
    status: 'paid',
    amount_paid: outOfBand ? 0 : invoice.amount_due,
    amount_remaining: 0,
    attempted: true,
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, paid_at: ctx.now },
    ...(outOfBand ? { amount_paid_off_stripe: invoice.amount_due } : {}),
  })
  const [payment] = ctx.all('invoice_payment', { invoice: invoice.id })
  if (payment && !outOfBand) {
    ctx.change(payment, {
      status: 'paid',
      amount_paid: invoice.amount_due,
      status_transitions: { canceled_at: null, paid_at: ctx.now },
    })
  }
  ctx.emit('invoice.updated', invoice, previous)
  ctx.emit('invoice.paid', invoice)
  ctx.emit('invoice.payment_succeeded', invoice)
  if (payment && !outOfBand) ctx.emit('invoice_payment.paid', payment)
}

export function voidInvoice(ctx: Context, invoice: Invoice): void {
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
    throw unexpectedState(
      'invoice',
      `You can only void open or uncollectible invoices; this one is ${invoice.status}.`,
    )
  }
  cancelIntent(ctx, invoice)
  const previous = ctx.change(invoice, {
    status: 'void',
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, voided_at: ctx.now },
  })
  ctx.emit('invoice.voided', invoice, previous)
}

export function markUncollectible(ctx: Context, invoice: Invoice): void {
  if (invoice.status !== 'open') {
    throw unexpectedState(
      'invoice',
      `You can only mark open invoices as uncollectible; this one is ${invoice.status}.`,
    )
  }
  const previous = ctx.change(invoice, {
    status: 'uncollectible',
    auto_advance: false,
    status_transitions: { ...invoice.status_transitions, marked_uncollectible_at: ctx.now },
  })
  ctx.emit('invoice.marked_uncollectible', invoice, previous)
}

function cancelIntent(ctx: Context, invoice: Invoice): void {
  ctx.unschedule('invoice_retries', invoice.id)
  const intent = ctx.find('payment_intent', invoice._sandbox?.paymentIntent)
  if (
    intent &&
    ['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status)
  ) {
    cancelPaymentIntent(ctx, intent, 'void_invoice')
  }
}

/** A draft disappears; its items wait for the next invoice. */
export function deleteDraft(
  ctx: Context,
  invoice: Invoice,
): { id: string; object: 'invoice'; deleted: true } {
  if (invoice.status !== 'draft') {
    throw unexpectedState('invoice', 'You can only delete draft invoices.')
  }
  for (const item of ctx.all('invoiceitem', { invoice: invoice.id })) ctx.change(item, { invoice: null })
  ctx.unschedule('invoice_finalizes', invoice.id)
  ctx.emit('invoice.deleted', invoice)
  ctx.store.delete(invoice.id)
  return { id: invoice.id, object: 'invoice', deleted: true }
}
