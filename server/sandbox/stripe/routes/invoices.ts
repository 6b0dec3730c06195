import type { Context } from '../context.ts'
import { StripeFault, unexpectedState } from '../errors.ts'
import { listOf } from '../lists.ts'
import { collectInvoice, followInvoice } from '../objects/collection.ts'
import { deleteDraft, finalizeInvoice, markPaid, markUncollectible, voidInvoice } from '../objects/invoice.ts'
import { draftInvoice } from '../objects/invoice-draft.ts'
import { subscriptionIdOf } from '../objects/invoice-lines.ts'
import { resolvePaymentMethod } from '../objects/payment-method.ts'
import { preview } from '../objects/preview.ts'
import { paymentMethodOf } from '../objects/subscription.ts'
import { mergeMetadata, type Params } from '../params.ts'
import { del, get, post, type Route } from '../routing.ts'
import type { Invoice, PaymentMethod } from '../types.ts'
import { unsupportedSearch } from './catalog.ts'

function inItsTime(base: Context, id: string): { ctx: Context; invoice: Invoice } {
  const invoice = base.get('invoice', id)
  return { ctx: base.forCustomer(invoice.customer), invoice }
}

/** What an invoice is paid with unless the call says otherwise. */
function methodFor(ctx: Context, invoice: Invoice): PaymentMethod | undefined {
  const subscription = ctx.find('subscription', subscriptionIdOf(invoice))
  const customer = ctx.find('customer', invoice.customer)
  return (
    ctx.find('payment_method', invoice.default_payment_method) ??
    (subscription ? paymentMethodOf(ctx, subscription) : undefined) ??
    ctx.find('payment_method', customer ? String(customer.invoice_settings.default_payment_method) : null)
  )
}

function pay(base: Context, id: string, params: Params): Invoice {
  const { ctx, invoice } = inItsTime(base, id)
  const methodId = params.str('payment_method')
  const outOfBand = params.bool('paid_out_of_band') ?? false
  const offSession = params.bool('off_session') ?? true
  params.ignore('forgive', 'source', 'mandate')
  params.done()
  if (invoice.status === 'draft') finalizeInvoice(ctx, invoice)
  else if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
    throw unexpectedState('invoice', `Invoice is already ${invoice.status}`)
  }
  if (outOfBand) {
    markPaid(ctx, invoice, true)
    followInvoice(ctx, invoice, { outcome: 'succeeded' })
    return invoice
  }
  if (invoice.status !== 'open') return invoice
  const method = methodId ? resolvePaymentMethod(ctx, methodId) : methodFor(ctx, invoice)
  const payment = collectInvoice(ctx, invoice, method, { offSession })
  if (payment.outcome === 'failed') throw new StripeFault(payment.fault.status, payment.fault.body, true)
  if (payment.outcome === 'requires_action') {
    throw new StripeFault(
      402,
      {
        type: 'card_error',
        code: 'invoice_payment_intent_requires_action',
        message: 'This payment requires additional user action before it can be completed successfully.',
      },
      true,
    )
  }
  return ctx.get('invoice', invoice.id)
}

export const invoiceRoutes: Route[] = [
  post('/v1/invoices/create_preview', ({ ctx, params }) => preview(ctx, params)),
  get('/v1/invoices/search', unsupportedSearch),
  post('/v1/invoices', ({ ctx: base, params }) => {
    const customer = base.get('customer', params.need('customer'), 'customer')
    const ctx = base.atClock(customer.test_clock)
    const pending = params.oneOf('pending_invoice_items_behavior', [
      'include',
      'exclude',
      'include_and_require',
    ])
    const input = {
      customer,
      currency: params.currency('currency') ?? pendingCurrency(ctx, customer.id) ?? 'usd',
      reason: 'manual' as const,
      collectionMethod: params.oneOf('collection_method', ['charge_automatically', 'send_invoice']),
      daysUntilDue: params.int('days_until_due') ?? null,
      description: params.str('description'),
      footer: params.str('footer'),
      metadata: mergeMetadata(null, params),
      autoAdvance: params.bool('auto_advance') ?? false,
      includePending: pending === 'include' || pending === 'include_and_require',
      defaultPaymentMethod: params.str('default_payment_method'),
    }
    params.ignore(
      'automatic_tax',
      'payment_settings',
      'custom_fields',
      'discounts',
      'due_date',
      'subscription',
      'rendering',
      'statement_descriptor',
    )
    params.done()
    const invoice = draftInvoice(ctx, input)
    if (input.autoAdvance) ctx.schedule('invoice_finalizes', invoice.id, ctx.now + ctx.settings.draftSeconds)
    return invoice
  }),
  get('/v1/invoices/:id', ({ ctx, params, path }) => {
    params.done()
    return ctx.get('invoice', path('id'))
  }),
  get('/v1/invoices', ({ ctx, params }) => {
    const where = {
      customer: params.str('customer'),
      status: params.oneOf('status', ['draft', 'open', 'paid', 'uncollectible', 'void']),
      collection_method: params.str('collection_method'),
      'parent.subscription_details.subscription': params.str('subscription'),
    }
    params.ignore('due_date')
    return listOf(ctx, 'invoice', params, '/v1/invoices', where)
  }),
  post('/v1/invoices/:id', ({ ctx, params, path }) => {
    const invoice = ctx.get('invoice', path('id'))
    const patch: Partial<Invoice> = { metadata: mergeMetadata(invoice.metadata, params) }
    const description = params.nullable('description')
    if (description !== undefined) patch.description = description
    const advance = params.bool('auto_advance')
    if (advance !== undefined) patch.auto_advance = advance
    params.ignore(
      'footer',
      'default_payment_method',
      'days_until_due',
      'due_date',
      'collection_method',
      'payment_settings',
    )
    params.done()
    ctx.changeAndEmit('invoice.updated', invoice, patch)
    return invoice
  }),
  del('/v1/invoices/:id', ({ ctx: base, path }) => {
    const { ctx, invoice } = inItsTime(base, path('id'))
    return deleteDraft(ctx, invoice)
  }),
  post('/v1/invoices/:id/finalize', ({ ctx: base, params, path }) => {
    const { ctx, invoice } = inItsTime(base, path('id'))
    params.ignore('auto_advance')
    params.done()
    finalizeInvoice(ctx, invoice)
    return invoice
  }),
  post('/v1/invoices/:id/pay', ({ ctx, params, path }) => pay(ctx, path('id'), params)),
  post('/v1/invoices/:id/send', ({ ctx: base, path }) => {
    const { ctx, invoice } = inItsTime(base, path('id'))
    if (invoice.status === 'draft') finalizeInvoice(ctx, invoice)
    ctx.emit('invoice.sent', invoice)
    return invoice
  }),
  post('/v1/invoices/:id/void', ({ ctx: base, path }) => {
    const { ctx, invoice } = inItsTime(base, path('id'))
    voidInvoice(ctx, invoice)
    return invoice
  }),
  post('/v1/invoices/:id/mark_uncollectible', ({ ctx: base, path }) => {
    const { ctx, invoice } = inItsTime(base, path('id'))
    markUncollectible(ctx, invoice)
    return invoice
  }),
  get('/v1/invoices/:id/lines', ({ ctx, params, path }) => {
    const invoice = ctx.get('invoice', path('id'))
    params.ignore('limit', 'starting_after', 'ending_before')
    return invoice.lines
  }),
  get('/v1/invoice_payments/:id', ({ ctx, path }) => ctx.get('invoice_payment', path('id'))),
  get('/v1/invoice_payments', ({ ctx, params }) => {
    const payment = params.obj('payment')
    payment?.str('type')
    const where = {
      invoice: params.str('invoice'),
      status: params.str('status'),
      'payment.payment_intent': payment?.str('payment_intent'),
    }
    return listOf(ctx, 'invoice_payment', params, '/v1/invoice_payments', where)
  }),
]

function pendingCurrency(ctx: Context, customer: string): string | undefined {
  return ctx.all('invoiceitem', { customer, invoice: null })[0]?.currency
}
