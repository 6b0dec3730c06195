import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import { embedded, listOf } from '../lists.ts'
import { endSubscription } from '../objects/collection.ts'
import { createCustomer, deleteCustomer, updateCustomer } from '../objects/customer.ts'
import {
  attachPaymentMethod,
  createPaymentMethod,
  detachPaymentMethod,
  resolvePaymentMethod,
} from '../objects/payment-method.ts'
import { isOver } from '../objects/subscription.ts'
import { mergeMetadata } from '../params.ts'
import { del, get, post, type Route } from '../routing.ts'
import { unsupportedSearch } from './catalog.ts'

export const customerRoutes: Route[] = [
  post('/v1/customers', ({ ctx, params }) => createCustomer(ctx, params)),
  get('/v1/customers/search', unsupportedSearch),
  get('/v1/customers/:id', ({ ctx, path }) => {
    const id = path('id')
    if (ctx.store.isDeleted(id)) return { id, object: 'customer', deleted: true }
    return ctx.get('customer', id)
  }),
  get('/v1/customers', ({ ctx, params }) => {
    const where = { email: params.str('email'), test_clock: params.str('test_clock') }
    return listOf(ctx, 'customer', params, '/v1/customers', where)
  }),
  post('/v1/customers/:id', ({ ctx, params, path }) =>
    updateCustomer(ctx, ctx.get('customer', path('id')), params),
  ),
  del('/v1/customers/:id', ({ ctx, path }) => {
    const customer = ctx.get('customer', path('id'))
    const own = ctx.forCustomer(customer.id)
    for (const subscription of ctx.all('subscription', { customer: customer.id })) {
      if (!isOver(subscription)) endSubscription(own, subscription, 'cancellation_requested')
    }
    return deleteCustomer(own, customer)
  }),
  del('/v1/customers/:id/discount', ({ ctx, path }) => {
    const customer = ctx.get('customer', path('id'))
    const discount = customer.discount
    if (!discount)
      throw invalid(`No active discount for customer: ${customer.id}`, undefined, 'resource_missing')
    ctx.change(customer, { discount: null })
    ctx.emit('customer.discount.deleted', discount)
    return { ...discount, deleted: true }
  }),
  get('/v1/customers/:id/payment_methods', ({ ctx, params, path }) => {
    const customer = ctx.get('customer', path('id'))
    const where = { customer: customer.id, type: params.str('type') }
    params.ignore('allow_redisplay')
    return listOf(ctx, 'payment_method', params, `/v1/customers/${customer.id}/payment_methods`, where)
  }),
  get('/v1/customers/:id/payment_methods/:method', ({ ctx, path }) => {
    const method = ctx.get('payment_method', path('method'))
    if (method.customer !== path('id'))
      throw invalid(`No such PaymentMethod: '${method.id}'`, 'id', 'resource_missing')
    return method
  }),
  get('/v1/customers/:id/tax_ids', ({ ctx, path }) => {
    const customer = ctx.get('customer', path('id'))
    return embedded([], `/v1/customers/${customer.id}/tax_ids`)
  }),
]

export const paymentMethodRoutes: Route[] = [
  post('/v1/payment_methods', ({ ctx, params }) => createPaymentMethod(ctx, params)),
  get('/v1/payment_methods/:id', ({ ctx, path }) => ctx.get('payment_method', path('id'))),
  get('/v1/payment_methods', ({ ctx, params }) => {
    const where = { customer: params.str('customer'), type: params.str('type') }
    params.ignore('allow_redisplay')
    return listOf(
      ctx,
      'payment_method',
      params,
      '/v1/payment_methods',
      where,
      ({ customer }) => customer !== null,
    )
  }),
  post('/v1/payment_methods/:id', ({ ctx, params, path }) => {
    const method = resolvePaymentMethod(ctx, path('id'), 'id')
    const metadata = mergeMetadata(method.metadata, params)
    params.ignore('billing_details', 'card', 'allow_redisplay')
    params.done()
    ctx.changeAndEmit('payment_method.updated', method, { metadata })
    return method
  }),
  post('/v1/payment_methods/:id/attach', ({ ctx, params, path }) => {
    const customer = ctx.get('customer', params.need('customer'), 'customer')
    params.done()
    return attach(ctx, path('id'), customer.id)
  }),
  post('/v1/payment_methods/:id/detach', ({ ctx, path }) =>
    detachPaymentMethod(ctx, ctx.get('payment_method', path('id'))),
  ),
]

function attach(ctx: Context, id: string, customer: string): object {
  return attachPaymentMethod(ctx.forCustomer(customer), resolvePaymentMethod(ctx, id, 'id'), customer)
}
