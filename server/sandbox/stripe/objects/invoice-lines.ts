import type { Context } from '../context.ts'
import { idOf } from '../ids.ts'
import type { Invoice, InvoiceItem, InvoiceLineItem, Price } from '../types.ts'

export interface LineInput {
  amountMinor: number
  currency: string
  description: string | null
  quantity: number
  period: { start: number; end: number }
  price?: Price
  unitMinor?: number
  subscription?: string | null
  subscriptionItem?: string
  invoiceItem?: string
  proration?: boolean
  discountable?: boolean
  metadata?: Record<string, string>
}

export function newLine(ctx: Context, invoice: string, input: LineInput): InvoiceLineItem {
  const proration = input.proration ?? false
  const details = {
    invoice_item: input.invoiceItem ?? '',
    proration,
    proration_details: { credited_items: null },
    subscription: input.subscription ?? null,
  }
  return {
    id: ctx.id('il'),
    object: 'line_item',
    amount: input.amountMinor,
    currency: input.currency,
    description: input.description,
    discount_amounts: [],
    discountable: input.discountable ?? !proration,
    discounts: [],
    invoice,
    livemode: false,
    metadata: input.metadata ?? {},
    parent: input.subscriptionItem
      ? {
          invoice_item_details: null,
          subscription_item_details: {
            ...details,
            invoice_item: input.invoiceItem ?? null,
            subscription_item: input.subscriptionItem,
          },
          type: 'subscription_item_details',
        }
      : { invoice_item_details: details, subscription_item_details: null, type: 'invoice_item_details' },
    period: input.period,
    pretax_credit_amounts: [],
    pricing: {
      ...(input.price ? { price_details: { price: input.price.id, product: input.price.product } } : {}),
      type: 'price_details',
      unit_amount_decimal: String(input.unitMinor ?? input.amountMinor),
    } as unknown as InvoiceLineItem['pricing'],
    quantity: input.quantity,
    quantity_decimal: String(input.quantity),
    subscription: input.subscription ?? null,
    subtotal: input.amountMinor,
    taxes: [],
  }
}

/** Pending items of a customer that the next invoice takes in. */
export function pendingItems(
  ctx: Context,
  customer: string,
  currency: string | null,
  subscription?: string,
): InvoiceItem[] {
  return ctx
    .all('invoiceitem', { customer, invoice: null })
    .filter((item) => currency === null || item.currency === currency)
    .filter((item) => subscriptionOf(item) === null || subscriptionOf(item) === (subscription ?? null))
    .reverse()
}

const subscriptionOf = (item: InvoiceItem) => item.parent?.subscription_details?.subscription ?? null

export function lineOfItem(ctx: Context, invoice: string, item: InvoiceItem): InvoiceLineItem {
  const line = newLine(ctx, invoice, {
    amountMinor: item.amount,
    currency: item.currency,
    description: item.description,
    quantity: item.quantity,
    period: item.period,
    subscription: subscriptionOf(item),
    subscriptionItem: item._sandbox?.subscriptionItem,
    invoiceItem: item.id,
    proration: item.proration,
    discountable: item.discountable,
    metadata: item.metadata ?? {},
  })
  line.pricing = item.pricing as unknown as InvoiceLineItem['pricing']
  return line
}

export interface InvoiceItemInput {
  customer: string
  amountMinor: number
  currency: string
  description?: string | null
  quantity?: number
  price?: Price
  period?: { start: number; end: number }
  subscription?: string | null
  subscriptionItem?: string
  proration?: boolean
  metadata?: Record<string, string>
  discountable?: boolean
}

export function createInvoiceItem(ctx: Context, input: InvoiceItemInput): InvoiceItem {
  const item: InvoiceItem = {
    id: ctx.id('ii'),
    object: 'invoiceitem',
    amount: input.amountMinor,
    currency: input.currency,
    customer: input.customer,
    customer_account: null,
    date: ctx.now,
    description: input.description ?? null,
    discountable: input.discountable ?? !input.proration,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: input.metadata ?? {},
    parent: input.subscription
      ? {
          subscription_details: {
            subscription: input.subscription,
            subscription_item: input.subscriptionItem,
          },
          type: 'subscription_details',
        }
      : null,
    period: input.period ?? { start: ctx.now, end: ctx.now },
    pricing: {
      ...(input.price ? { price_details: { price: input.price.id, product: input.price.product } } : {}),
      type: 'price_details',
      unit_amount_decimal: String(Math.round(input.amountMinor / (input.quantity ?? 1))),
    } as unknown as InvoiceItem['pricing'],
    proration: input.proration ?? false,
    quantity: input.quantity ?? 1,
    quantity_decimal: String(input.quantity ?? 1),
    tax_rates: [],
    test_clock: ctx.clock || null,
    _sandbox: { subscriptionItem: input.subscriptionItem },
  }
  ctx.add('invoiceitem', item)
  ctx.emit('invoiceitem.created', item)
  return item
}

/** The subscription an invoice belongs to. */
export function subscriptionIdOf(invoice: Invoice): string | null {
  return idOf(invoice.parent?.subscription_details?.subscription)
}
