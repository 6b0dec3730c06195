import type { Context } from '../context.ts'
import { newId } from '../ids.ts'
import { embedded } from '../lists.ts'
import type { Customer, Discount, Invoice, InvoiceLineItem } from '../types.ts'
import { discountOn } from './discounts.ts'
import { lineOfItem, pendingItems } from './invoice-lines.ts'
import { taxOn } from './tax.ts'

export interface DraftInput {
  customer: Customer
  currency: string
  reason: NonNullable<Invoice['billing_reason']>
  subscription?: { id: string; metadata: Record<string, string> }
  lines?: (invoice: string) => InvoiceLineItem[]
  discounts?: Discount[]
  collectionMethod?: Invoice['collection_method']
  daysUntilDue?: number | null
  description?: string | null
  footer?: string | null
  metadata?: Record<string, string>
  autoAdvance?: boolean
  includePending?: boolean
  automaticTax?: { enabled: boolean; country?: string | null }
  period?: { start: number; end: number }
  defaultPaymentMethod?: string | null
  hidden?: Partial<NonNullable<Invoice['_sandbox']>>
}

/** A draft with its lines; totals are final until the draft is changed. */
export function draftInvoice(ctx: Context, input: DraftInput): Invoice {
  const id = newId('in')
  const { customer } = input
  const pending = input.includePending
    ? pendingItems(ctx, customer.id, input.currency, input.subscription?.id)
    : []
  const lines = [...pending.map((item) => lineOfItem(ctx, id, item)), ...(input.lines?.(id) ?? [])]
  const collection = input.collectionMethod ?? 'charge_automatically'
  const invoice: Invoice = {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Sandbox',
    account_tax_ids: null,
    amount_due: 0,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: 0,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: input.autoAdvance ?? false,
    automatic_tax: {
      disabled_reason: null,
      enabled: input.automaticTax?.enabled ?? false,
      liability: input.automaticTax?.enabled ? { type: 'self' } : null,
      provider: input.automaticTax?.enabled ? 'stripe' : null,
      status: input.automaticTax?.enabled ? 'complete' : null,
    },
    automatically_finalizes_at: null,
    billing_reason: input.reason,
    collection_method: collection,
    created: ctx.now,
    currency: input.currency,
    custom_fields: null,
    customer: customer.id,
    customer_account: null,
    customer_address: customer.address ?? null,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    customer_phone: customer.phone ?? null,
    customer_shipping: customer.shipping as Invoice['customer_shipping'],
    customer_tax_exempt: customer.tax_exempt ?? 'none',
    customer_tax_ids: [],
    default_payment_method: input.defaultPaymentMethod ?? null,
    default_source: null,
    default_tax_rates: [],
    description: input.description ?? null,
    discounts: (input.discounts ?? []).map((discount) => discount.id),
    due_date: collection === 'send_invoice' ? ctx.now + (input.daysUntilDue ?? 30) * 86_400 : null,
    effective_at: null,
    ending_balance: null,
    footer: input.footer ?? null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: embedded(lines, `/v1/invoices/${id}/lines`),
    livemode: false,
    metadata: input.metadata ?? {},
    next_payment_attempt: null,
    number: null,
    on_behalf_of: null,
    parent: input.subscription
      ? {
          quote_details: null,
          subscription_details: {
            metadata: input.subscription.metadata,
            subscription: input.subscription.id,
          },
          type: 'subscription_details',
        }
      : null,
    payment_settings: {
      default_mandate: null,
      payment_method_options: null,
      payment_method_types: null,
    },
    period_end: input.period?.end ?? ctx.now,
    period_start: input.period?.start ?? ctx.now,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: 0,
    subtotal_excluding_tax: 0,
    test_clock: ctx.clock || null,
    total: 0,
    total_discount_amounts: [],
    total_excluding_tax: 0,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: ctx.now,
    _sandbox: { token: newId('x').slice(2), ...input.hidden },
  }
  computeTotals(ctx, invoice, input.automaticTax?.country)
  ctx.add('invoice', invoice)
  for (const item of pending) ctx.change(item, { invoice: id })
  ctx.emit('invoice.created', invoice)
  return invoice
}

/** Lines → subtotal → discounts → tax → total → what the customer's balance leaves to pay. */
export function computeTotals(ctx: Context, invoice: Invoice, taxCountry?: string | null): void {
  const lines = invoice.lines.data
  const subtotal = lines.reduce((sum, line) => sum + line.amount, 0)
  let open = lines.filter((line) => line.discountable).reduce((sum, line) => sum + line.amount, 0)
  const discountAmounts = invoice.discounts.map((discountId) => {
    const discount = ctx.find('discount', discountId)
    const coupon = ctx.find('coupon', discount ? String(discount.source.coupon) : null)
    const amount = discountOn(coupon, open)
    open -= amount
    return { amount, discount: discountId }
  })
  const discounted = subtotal - discountAmounts.reduce((sum, entry) => sum + entry.amount, 0)
  const country = taxCountry ?? invoice.customer_address?.country
  const tax = invoice.automatic_tax.enabled ? taxOn(discounted, country, false) : 0
  const total = discounted + tax
  const balance = ctx.find('customer', invoice.customer)?.balance ?? 0
  const due = Math.max(0, total + balance)
  Object.assign(invoice, {
    subtotal,
    subtotal_excluding_tax: subtotal,
    total_discount_amounts: discountAmounts,
    total_excluding_tax: discounted,
    total,
    total_taxes: tax
      ? [
          {
            amount: tax,
            tax_behavior: 'exclusive',
            tax_rate_details: null,
            taxability_reason: 'standard_rated',
            taxable_amount: discounted,
            type: 'tax_rate_details',
          },
        ]
      : [],
    starting_balance: balance,
    amount_due: due,
    amount_remaining: due,
  } satisfies Partial<Record<keyof Invoice, unknown>>)
}
