import { behaviorOf } from '../cards.ts'
import type { Context } from '../context.ts'
import { invalid, StripeFault, unexpectedState } from '../errors.ts'
import { newId } from '../ids.ts'
import { listOf } from '../lists.ts'
import { attachPaymentMethod, resolvePaymentMethod } from '../objects/payment-method.ts'
import { mergeMetadata } from '../params.ts'
import { strip } from '../present.ts'
import { get, post, type Route } from '../routing.ts'
import type { SetupIntent } from '../types.ts'

/** Tries to save the payment method for later. */
export function confirmSetup(ctx: Context, intent: SetupIntent, authenticated = false): SetupIntent {
  const method = ctx.find('payment_method', intent.payment_method)
  if (!method) throw invalid('You cannot confirm this SetupIntent because it is missing a payment method.')
  if (['succeeded', 'canceled'].includes(intent.status)) {
    throw unexpectedState('setup_intent', `This SetupIntent has a status of ${intent.status}.`)
  }
  const { decline, threeDSecure } = behaviorOf(method._sandbox?.behavior ?? '')
  if (threeDSecure && !authenticated) {
    const page = `${ctx.url}/3d_secure/${intent.id}`
    const back = intent._sandbox?.returnUrl
    ctx.change(intent, {
      status: 'requires_action',
      next_action: back
        ? { type: 'redirect_to_url', redirect_to_url: { return_url: back, url: page } }
        : { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: page } },
    })
    ctx.emit('setup_intent.requires_action', intent)
    return intent
  }
  if (decline && !threeDSecure)
    throw rejectSetup(ctx, intent, decline.code, decline.message, decline.declineCode)
  if (intent.customer) attachPaymentMethod(ctx, method, intent.customer, { authenticated })
  ctx.change(intent, { status: 'succeeded', next_action: null })
  ctx.emit('setup_intent.succeeded', intent)
  return intent
}

export function rejectSetup(
  ctx: Context,
  intent: SetupIntent,
  code: string,
  message: string,
  declineCode?: string,
): StripeFault {
  const fault = new StripeFault(402, { type: 'card_error', code, decline_code: declineCode, message }, true)
  ctx.change(intent, {
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    last_setup_error: {
      code,
      decline_code: declineCode,
      message,
      type: 'card_error',
    } as SetupIntent['last_setup_error'],
  })
  ctx.emit('setup_intent.setup_failed', intent)
  fault.body.setup_intent = strip(intent)
  return fault
}

export const setupRoutes: Route[] = [
  post('/v1/setup_intents', ({ ctx: base, params }) => {
    const customer = params.str('customer')
    if (customer) base.get('customer', customer, 'customer')
    const ctx = base.forCustomer(customer)
    const methodId = params.str('payment_method')
    const id = ctx.id('seti')
    const method = methodId ? resolvePaymentMethod(ctx, methodId) : undefined
    const confirms = params.bool('confirm') ?? false
    const intent: SetupIntent = {
      id,
      object: 'setup_intent',
      allowed_payment_method_types: null,
      application: null,
      automatic_payment_methods: { allow_redirects: 'always', enabled: true },
      cancellation_reason: null,
      client_secret: `${id}_secret_${newId('x').slice(2, 30)}`,
      created: ctx.now,
      customer: customer ?? null,
      description: params.str('description') ?? null,
      excluded_payment_method_types: null,
      flow_directions: null,
      last_setup_error: null,
      latest_attempt: null,
      livemode: false,
      mandate: null,
      metadata: mergeMetadata(null, params),
      next_action: null,
      on_behalf_of: null,
      payment_method: method?.id ?? null,
      payment_method_configuration_details: null,
      payment_method_options: null,
      payment_method_types: ['card'],
      single_use_mandate: null,
      status: method ? 'requires_confirmation' : 'requires_payment_method',
      usage: params.oneOf('usage', ['off_session', 'on_session']) ?? 'off_session',
      _sandbox: { returnUrl: params.str('return_url') },
    }
    params.legacy(!ctx.pinned, 'payment_method_types')
    params.ignore('automatic_payment_methods', 'payment_method_options', 'use_stripe_sdk', 'mandate_data')
    params.done()
    ctx.add('setup_intent', intent)
    ctx.emit('setup_intent.created', intent)
    return confirms ? confirmSetup(ctx, intent) : intent
  }),
  get('/v1/setup_intents/:id', ({ ctx, path }) => ctx.get('setup_intent', path('id'))),
  get('/v1/setup_intents', ({ ctx, params }) => {
    const where = { customer: params.str('customer'), payment_method: params.str('payment_method') }
    return listOf(ctx, 'setup_intent', params, '/v1/setup_intents', where)
  }),
  post('/v1/setup_intents/:id/confirm', ({ ctx: base, params, path }) => {
    const intent = base.get('setup_intent', path('id'))
    const ctx = base.forCustomer(intent.customer)
    const methodId = params.str('payment_method')
    const returnUrl = params.str('return_url')
    params.ignore('client_secret', 'payment_method_options', 'mandate_data', 'use_stripe_sdk')
    params.done()
    if (methodId) ctx.change(intent, { payment_method: resolvePaymentMethod(ctx, methodId).id })
    if (returnUrl) ctx.change(intent, { _sandbox: { ...intent._sandbox, returnUrl } })
    return confirmSetup(ctx, intent)
  }),
  post('/v1/setup_intents/:id/cancel', ({ ctx, params, path }) => {
    const intent = ctx.get('setup_intent', path('id'))
    const reason =
      params.oneOf('cancellation_reason', ['abandoned', 'duplicate', 'requested_by_customer']) ?? null
    params.done()
    if (intent.status === 'succeeded')
      throw unexpectedState('setup_intent', 'A succeeded SetupIntent cannot be canceled.')
    ctx.change(intent, { status: 'canceled', cancellation_reason: reason, next_action: null })
    ctx.emit('setup_intent.canceled', intent)
    return intent
  }),
]
