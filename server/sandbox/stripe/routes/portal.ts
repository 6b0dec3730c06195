import type { Context } from '../context.ts'
import { listOf } from '../lists.ts'
import { mergeMetadata, type Params } from '../params.ts'
import { get, post, type Route } from '../routing.ts'
import type { PortalConfiguration, PortalSession } from '../types.ts'

type Features = PortalConfiguration['features']

function readFeatures(params: Params | undefined, present: Features): Features {
  const cancel = params?.obj('subscription_cancel')
  const reason = cancel?.obj('cancellation_reason')
  const on = (
    name:
      | 'invoice_history'
      | 'payment_method_update'
      | 'customer_update'
      | 'subscription_update'
      | 'subscription_pause',
    known: boolean,
  ) => {
    const feature = params?.obj(name)
    feature?.ignore(
      'allowed_updates',
      'default_allowed_updates',
      'products',
      'proration_behavior',
      'payment_method_configuration',
      'schedule_at_period_end',
      'duration',
      'trial_update_behavior',
      'billing_cycle_anchor',
    )
    return feature?.bool('enabled') ?? known
  }
  return {
    customer_update: {
      ...present.customer_update,
      enabled: on('customer_update', present.customer_update.enabled),
    },
    invoice_history: { enabled: on('invoice_history', present.invoice_history.enabled) },
    payment_method_update: {
      ...present.payment_method_update,
      enabled: on('payment_method_update', present.payment_method_update.enabled),
    },
    subscription_cancel: {
      cancellation_reason: {
        ...present.subscription_cancel.cancellation_reason,
        enabled: reason?.bool('enabled') ?? present.subscription_cancel.cancellation_reason.enabled,
        options:
          (reason?.strings('options') as
            | Features['subscription_cancel']['cancellation_reason']['options']
            | undefined) ?? present.subscription_cancel.cancellation_reason.options,
      },
      enabled: cancel?.bool('enabled') ?? present.subscription_cancel.enabled,
      mode: cancel?.oneOf('mode', ['at_period_end', 'immediately']) ?? present.subscription_cancel.mode,
      proration_behavior:
        cancel?.oneOf('proration_behavior', ['always_invoice', 'create_prorations', 'none']) ??
        present.subscription_cancel.proration_behavior,
    },
    subscription_pause: { ...present.subscription_pause, enabled: on('subscription_pause', false) },
    subscription_update: {
      ...present.subscription_update,
      enabled: on('subscription_update', present.subscription_update.enabled),
    },
  }
}

const FEATURES: Features = {
  customer_update: { allowed_updates: ['email', 'address'], enabled: false },
  invoice_history: { enabled: true },
  payment_method_update: { enabled: true, payment_method_configuration: null },
  subscription_cancel: {
    cancellation_reason: { enabled: false, feedback_options: null, options: [] },
    enabled: true,
    mode: 'at_period_end',
    proration_behavior: 'none',
  },
  subscription_pause: { duration: { interval_options: [], type: 'indefinite' }, enabled: false },
  subscription_update: {
    billing_cycle_anchor: null,
    default_allowed_updates: [],
    enabled: false,
    proration_behavior: 'none',
    schedule_at_period_end: { conditions: [] },
    trial_update_behavior: 'end_trial',
  },
}

const OFF: Features = {
  ...FEATURES,
  invoice_history: { enabled: false },
  payment_method_update: { enabled: false, payment_method_configuration: null },
  subscription_cancel: { ...FEATURES.subscription_cancel, enabled: false },
}

function newConfiguration(ctx: Context, given: Partial<PortalConfiguration>): PortalConfiguration {
  return ctx.add('billing_portal.configuration', {
    id: ctx.id('bpc'),
    object: 'billing_portal.configuration',
    active: true,
    application: null,
    business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
    created: ctx.now,
    default_return_url: null,
    features: FEATURES,
    is_default: false,
    livemode: false,
    login_page: { enabled: false, url: null },
    metadata: {},
    name: null,
    updated: ctx.now,
    ...given,
  })
}

function readProfile(
  params: Params,
  present: PortalConfiguration['business_profile'],
): PortalConfiguration['business_profile'] {
  const profile = params.obj('business_profile')
  return {
    headline: profile?.str('headline') ?? present.headline,
    privacy_policy_url: profile?.str('privacy_policy_url') ?? present.privacy_policy_url,
    terms_of_service_url: profile?.str('terms_of_service_url') ?? present.terms_of_service_url,
  }
}

const SUBSCRIPTION_FLOWS = ['subscription_cancel', 'subscription_update', 'subscription_pause'] as const

function readFlow(ctx: Context, params: Params): PortalSession['flow'] {
  const flow = params.obj('flow_data')
  if (!flow) return null
  const type = flow.oneOf('type', ['payment_method_update', 'customer_update', ...SUBSCRIPTION_FLOWS])
  if (!type) throw flow.missing('type')
  const after = flow.obj('after_completion')
  const redirect = after?.obj('redirect')?.str('return_url')
  after?.oneOf('type', ['hosted_confirmation', 'portal_homepage', 'redirect'])
  after?.ignore('hosted_confirmation')
  const named = (name: (typeof SUBSCRIPTION_FLOWS)[number]) => {
    const given = flow.obj(name)
    if (!given) return null
    const subscription = ctx.get('subscription', given.need('subscription'), given.name('subscription')).id
    given.ignore('retention')
    return { subscription }
  }
  const cancel = named('subscription_cancel')
  return {
    after_completion: {
      hosted_confirmation: null,
      redirect: redirect ? { return_url: redirect } : null,
      type: redirect ? 'redirect' : 'portal_homepage',
    },
    customer_update: null,
    subscription_cancel: cancel && { ...cancel, retention: null },
    subscription_pause: named('subscription_pause'),
    subscription_update: named('subscription_update'),
    subscription_update_confirm: null,
    type,
  } as PortalSession['flow']
}

export const portalRoutes: Route[] = [
  post('/v1/billing_portal/configurations', ({ ctx, params }) => {
    const first = ctx.all('billing_portal.configuration').length === 0
    const configuration = newConfiguration(ctx, {
      business_profile: readProfile(params, {
        headline: null,
        privacy_policy_url: null,
        terms_of_service_url: null,
      }),
      default_return_url: params.str('default_return_url') ?? null,
      features: readFeatures(params.obj('features'), OFF),
      metadata: mergeMetadata(null, params),
      name: params.str('name') ?? null,
      is_default: first,
    })
    params.ignore('login_page')
    params.done()
    ctx.emit('billing_portal.configuration.created', configuration)
    return configuration
  }),
  get('/v1/billing_portal/configurations/:id', ({ ctx, path }) =>
    ctx.get('billing_portal.configuration', path('id')),
  ),
  get('/v1/billing_portal/configurations', ({ ctx, params }) => {
    const where = { active: params.bool('active'), is_default: params.bool('is_default') }
    return listOf(ctx, 'billing_portal.configuration', params, '/v1/billing_portal/configurations', where)
  }),
  post('/v1/billing_portal/configurations/:id', ({ ctx, params, path }) => {
    const configuration = ctx.get('billing_portal.configuration', path('id'))
    const patch: Partial<PortalConfiguration> = {
      business_profile: readProfile(params, configuration.business_profile),
      features: readFeatures(params.obj('features'), configuration.features),
      metadata: mergeMetadata(configuration.metadata, params),
      updated: ctx.now,
    }
    const active = params.bool('active')
    if (active !== undefined) patch.active = active
    const back = params.nullable('default_return_url')
    if (back !== undefined) patch.default_return_url = back
    params.ignore('login_page', 'name')
    params.done()
    ctx.changeAndEmit('billing_portal.configuration.updated', configuration, patch)
    return configuration
  }),
  post('/v1/billing_portal/sessions', ({ ctx, params }) => {
    const customer = ctx.get('customer', params.need('customer'), 'customer')
    const named = params.str('configuration')
    const configuration = named
      ? ctx.get('billing_portal.configuration', named, 'configuration')
      : (ctx.all('billing_portal.configuration', { is_default: true })[0] ??
        newConfiguration(ctx, { is_default: true }))
    const id = ctx.id('bps')
    const session: PortalSession = {
      id,
      object: 'billing_portal.session',
      configuration: configuration.id,
      created: ctx.now,
      customer: customer.id,
      customer_account: null,
      flow: readFlow(ctx, params),
      livemode: false,
      locale: null,
      on_behalf_of: null,
      return_url: params.str('return_url') ?? configuration.default_return_url,
      url: `${ctx.url}/p/session/${id}`,
    }
    params.ignore('locale', 'after_expiration')
    params.done()
    ctx.add('billing_portal.session', session)
    ctx.emit('billing_portal.session.created', session)
    return session
  }),
]
