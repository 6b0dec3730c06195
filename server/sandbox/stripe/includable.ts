import type { Context } from './context.ts'
import { embedded } from './lists.ts'
import type { Includable } from './present.ts'

/** Members that are absent until a request expands them. */
export function includableOf(ctx: Context): Includable {
  return {
    'checkout.session': {
      line_items: (id) => {
        const items = ctx.store.find('checkout.session', id)?._sandbox?.lineItems ?? []
        return embedded(items, `/v1/checkout/sessions/${id}/line_items`)
      },
    },
    charge: {
      refunds: (id) => embedded(ctx.store.list('refund', { charge: id }), `/v1/charges/${id}/refunds`),
    },
    invoice: {
      payments: (id) =>
        embedded(ctx.store.list('invoice_payment', { invoice: id }), `/v1/invoice_payments?invoice=${id}`),
      confirmation_secret: (id) => {
        const intent = ctx.store.find('invoice', id)?._sandbox?.paymentIntent
        const secret = intent ? ctx.store.find('payment_intent', intent)?.client_secret : null
        return secret ? { client_secret: secret, type: 'payment_intent' } : null
      },
    },
    customer: {
      subscriptions: (id) =>
        embedded(
          ctx.store.list('subscription', { customer: id }).filter(({ status }) => status !== 'canceled'),
          `/v1/customers/${id}/subscriptions`,
        ),
      sources: (id) => embedded([], `/v1/customers/${id}/sources`),
      tax_ids: (id) => embedded([], `/v1/customers/${id}/tax_ids`),
    },
    price: { currency_options: (id) => ctx.store.find('price', id)?.currency_options },
    coupon: { applies_to: (id) => ctx.store.find('coupon', id)?.applies_to ?? { products: [] } },
  }
}
