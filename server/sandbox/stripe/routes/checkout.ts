import { invalid } from '../errors.ts'
import { cut, listOf, readPage } from '../lists.ts'
import { submitSession } from '../objects/checkout.ts'
import { createSession } from '../objects/checkout-create.ts'
import { expireSession } from '../objects/checkout-session.ts'
import { resolvePaymentMethod } from '../objects/payment-method.ts'
import { mergeMetadata } from '../params.ts'
import { get, post, type Route } from '../routing.ts'

export const checkoutRoutes: Route[] = [
  post('/v1/checkout/sessions', ({ ctx, params }) => createSession(ctx, params)),
  get('/v1/checkout/sessions/:id', ({ ctx, params, path }) => {
    params.done()
    return ctx.get('checkout.session', path('id'))
  }),
  get('/v1/checkout/sessions', ({ ctx, params }) => {
    const details = params.obj('customer_details')
    const where = {
      customer: params.str('customer'),
      payment_intent: params.str('payment_intent'),
      subscription: params.str('subscription'),
      payment_link: params.str('payment_link'),
      status: params.oneOf('status', ['complete', 'expired', 'open']),
      'customer_details.email': details?.str('email'),
    }
    return listOf(ctx, 'checkout.session', params, '/v1/checkout/sessions', where)
  }),
  post('/v1/checkout/sessions/:id', ({ ctx, params, path }) => {
    const session = ctx.get('checkout.session', path('id'))
    const metadata = mergeMetadata(session.metadata, params)
    params.done()
    ctx.change(session, { metadata })
    return session
  }),
  post('/v1/checkout/sessions/:id/expire', ({ ctx, path }) => {
    const session = ctx.get('checkout.session', path('id'))
    expireSession(ctx, session)
    return session
  }),
  get('/v1/checkout/sessions/:id/line_items', ({ ctx, params, path }) => {
    const session = ctx.get('checkout.session', path('id'))
    const items = session._sandbox?.lineItems ?? []
    const position = (id: string) => {
      const index = items.findIndex((item) => item.id === id)
      return index < 0 ? undefined : index
    }
    const page = readPage(ctx, params, position)
    params.done()
    const { startingAfterSeq: after, endingBeforeSeq: before } = page
    const beyond = items.filter(
      (_, index) => (after === undefined || index > after) && (before === undefined || index < before),
    )
    const { data, more } = cut(beyond, page)
    return { object: 'list', data, has_more: more, url: `/v1/checkout/sessions/${session.id}/line_items` }
  }),
  // What Stripe's CLI uses to complete a session without a browser.
  get('/v1/payment_pages/:id', ({ ctx, params, path }) => {
    params.ignore('eid')
    const session = ctx.get('checkout.session', path('id'))
    return {
      id: session.id,
      object: 'checkout.session',
      session_id: session.id,
      status: session.status,
      amount_total: session.amount_total,
      currency: session.currency,
    }
  }),
  post('/v1/payment_pages/:id/confirm', ({ ctx: base, params, path }) => {
    const session = base.get('checkout.session', path('id'))
    const ctx = base.forCustomer(session.customer)
    const method = resolvePaymentMethod(ctx, params.need('payment_method'))
    const expected = params.int('expected_amount')
    params.ignore('eid', 'key')
    params.done()
    if (expected !== undefined && expected !== session.amount_total) {
      throw invalid('The expected amount does not match the amount of this session.', 'expected_amount')
    }
    const { email, name, address } = method.billing_details
    submitSession(ctx, session, method, {
      email: email ?? undefined,
      name: name ?? undefined,
      country: address?.country ?? undefined,
    })
    return ctx.get('checkout.session', session.id)
  }),
]
