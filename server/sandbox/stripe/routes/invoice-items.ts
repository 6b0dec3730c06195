import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import { listOf } from '../lists.ts'
import { amountIn } from '../objects/catalog.ts'
import { computeTotals } from '../objects/invoice-draft.ts'
import { createInvoiceItem, lineOfItem } from '../objects/invoice-lines.ts'
import { mergeMetadata } from '../params.ts'
import { del, get, post, type Route } from '../routing.ts'

export const invoiceItemRoutes: Route[] = [
  post('/v1/invoiceitems', ({ ctx: base, params }) => {
    const customer = base.get('customer', params.need('customer'), 'customer')
    const ctx = base.atClock(customer.test_clock)
    const pricing = params.obj('pricing')
    const priceId = pricing?.str('price') ?? (ctx.pinned ? undefined : params.str('price'))
    const price = priceId ? ctx.get('price', priceId, 'pricing[price]') : undefined
    const quantity = params.int('quantity') ?? 1
    const currency = params.currency('currency') ?? price?.currency
    if (!currency) throw params.missing('currency')
    const amount = params.int('amount') ?? (price ? (amountIn(price, currency) ?? 0) * quantity : undefined)
    if (amount === undefined) throw params.missing('amount')
    const invoiceId = params.str('invoice')
    const item = {
      customer: customer.id,
      amountMinor: amount,
      currency,
      description: params.str('description') ?? null,
      quantity,
      price,
      subscription: params.str('subscription'),
      discountable: params.bool('discountable'),
      metadata: mergeMetadata(null, params),
    }
    params.ignore('tax_rates', 'period', 'discounts', 'tax_behavior')
    params.done()
    const created = createInvoiceItem(ctx, item)
    if (invoiceId) addToDraft(ctx, invoiceId, created.id)
    return ctx.get('invoiceitem', created.id)
  }),
  get('/v1/invoiceitems/:id', ({ ctx, path }) => ctx.get('invoiceitem', path('id'))),
  get('/v1/invoiceitems', ({ ctx, params }) => {
    const pending = params.bool('pending')
    const where = { customer: params.str('customer'), invoice: params.str('invoice') }
    return listOf(
      ctx,
      'invoiceitem',
      params,
      '/v1/invoiceitems',
      where,
      (item) => pending === undefined || pending === (item.invoice === null),
    )
  }),
  del('/v1/invoiceitems/:id', ({ ctx, path }) => {
    const item = ctx.get('invoiceitem', path('id'))
    if (item.invoice) throw invalid('This invoice item is attached to an invoice and cannot be deleted.')
    ctx.emit('invoiceitem.deleted', item)
    ctx.store.delete(item.id)
    return { id: item.id, object: 'invoiceitem', deleted: true }
  }),
]

function addToDraft(ctx: Context, invoiceId: string, itemId: string): void {
  const invoice = ctx.get('invoice', invoiceId, 'invoice')
  if (invoice.status !== 'draft')
    throw invalid('The invoice is no longer editable.', 'invoice', 'invoice_not_editable')
  const item = ctx.get('invoiceitem', itemId)
  ctx.change(item, { invoice: invoice.id })
  const before = structuredClone(invoice)
  invoice.lines.data.push(lineOfItem(ctx, invoice.id, item))
  computeTotals(ctx, invoice)
  const after = structuredClone(invoice)
  Object.assign(invoice, before)
  ctx.changeAndEmit('invoice.updated', invoice, after)
}
