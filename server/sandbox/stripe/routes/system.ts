import { invalid, missing } from '../errors.ts'
import { randomText } from '../ids.ts'
import { cut, listOf, readPage } from '../lists.ts'
import { mergeMetadata } from '../params.ts'
import { del, get, post, type Route } from '../routing.ts'
import type { SandboxEvent, TestClock, WebhookEndpoint } from '../types.ts'

const CLOCK_LIFE_SECONDS = 30 * 86_400

const events: Route[] = [
  get('/v1/events/:id', ({ ctx, path }) => {
    const row = ctx.store
      .prepare('SELECT json FROM events WHERE id = ? AND account = ?')
      .get(path('id'), ctx.account)
    if (!row) throw missing('event', path('id'))
    return JSON.parse(String(row.json)) as SandboxEvent
  }),
  get('/v1/events', ({ ctx, params }) => {
    const type = params.str('type')
    const types = params.strings('types')
    const related = params.str('related_object')
    params.ignore('delivery_success')
    const page = readPage(ctx, params, (id) => {
      const row = ctx.store.prepare('SELECT seq FROM events WHERE id = ?').get(id)
      return row ? Number(row.seq) : undefined
    })
    params.done()
    const conditions = ['account = ?']
    const values: string[] = [ctx.account]
    if (type) {
      // `charge.*` matches a family.
      conditions.push(type.endsWith('*') ? 'type GLOB ?' : 'type = ?')
      values.push(type)
    }
    if (types?.length) {
      conditions.push(`type IN (${types.map(() => '?').join(', ')})`)
      values.push(...types)
    }
    if (related) {
      conditions.push('object_id = ?')
      values.push(related)
    }
    const rows = ctx.store.select(conditions, values, { ...page, limit: page.limit + 1 }, 'events')
    const { data, more } = cut(
      rows.map((json) => JSON.parse(json) as SandboxEvent),
      page,
    )
    return { object: 'list', data, has_more: more, url: '/v1/events' }
  }),
]

const endpoints: Route[] = [
  post('/v1/webhook_endpoints', ({ ctx, params }) => {
    const url = params.need('url')
    const enabled = params.strings('enabled_events')
    if (!enabled?.length) throw params.missing('enabled_events')
    if (!URL.canParse(url)) throw invalid('Invalid URL: the URL must be absolute.', 'url', 'url_invalid')
    const secret = `whsec_${randomText(32)}`
    const endpoint: WebhookEndpoint = {
      id: ctx.id('we'),
      object: 'webhook_endpoint',
      api_version: params.str('api_version') ?? null,
      application: null,
      created: ctx.now,
      description: params.str('description') ?? null,
      enabled_events: enabled,
      livemode: false,
      metadata: mergeMetadata(null, params),
      status: 'enabled',
      url,
      _sandbox: { secret },
    }
    params.ignore('connect')
    params.done()
    ctx.add('webhook_endpoint', endpoint)
    // Shown once, in this answer only.
    return { ...endpoint, secret }
  }),
  get('/v1/webhook_endpoints/:id', ({ ctx, path }) => ctx.get('webhook_endpoint', path('id'))),
  get('/v1/webhook_endpoints', ({ ctx, params }) =>
    listOf(ctx, 'webhook_endpoint', params, '/v1/webhook_endpoints'),
  ),
  post('/v1/webhook_endpoints/:id', ({ ctx, params, path }) => {
    const endpoint = ctx.get('webhook_endpoint', path('id'))
    const disabled = params.bool('disabled')
    const patch: Partial<WebhookEndpoint> = {
      metadata: mergeMetadata(endpoint.metadata, params),
      url: params.str('url') ?? endpoint.url,
      enabled_events: params.strings('enabled_events') ?? endpoint.enabled_events,
    }
    const description = params.nullable('description')
    if (description !== undefined) patch.description = description
    if (disabled !== undefined) patch.status = disabled ? 'disabled' : 'enabled'
    params.done()
    ctx.change(endpoint, patch)
    return endpoint
  }),
  del('/v1/webhook_endpoints/:id', ({ ctx, path }) => {
    const endpoint = ctx.get('webhook_endpoint', path('id'))
    ctx.store.delete(endpoint.id)
    return { id: endpoint.id, object: 'webhook_endpoint', deleted: true }
  }),
]

const clocks: Route[] = [
  post('/v1/test_helpers/test_clocks', ({ ctx, params }) => {
    const clock: TestClock = {
      id: ctx.id('clock'),
      object: 'test_helpers.test_clock',
      created: ctx.now,
      deletes_after: ctx.now + CLOCK_LIFE_SECONDS,
      frozen_time: params.needInt('frozen_time'),
      livemode: false,
      name: params.str('name') ?? null,
      status: 'ready',
      status_details: {},
    }
    params.done()
    ctx.add('test_helpers.test_clock', clock)
    ctx.emit('test_helpers.test_clock.created', clock)
    return clock
  }),
  get('/v1/test_helpers/test_clocks/:id', ({ ctx, path }) => ctx.get('test_helpers.test_clock', path('id'))),
  get('/v1/test_helpers/test_clocks', ({ ctx, params }) =>
    listOf(ctx, 'test_helpers.test_clock', params, '/v1/test_helpers/test_clocks'),
  ),
  post('/v1/test_helpers/test_clocks/:id/advance', ({ ctx, params, path, engine }) => {
    const clock = ctx.get('test_helpers.test_clock', path('id'))
    const to = params.needInt('frozen_time')
    params.done()
    if (to <= clock.frozen_time)
      throw invalid('frozen_time must be later than the current frozen time.', 'frozen_time')
    engine.advanceClock(ctx, clock.id, to)
    return ctx.get('test_helpers.test_clock', clock.id)
  }),
  del('/v1/test_helpers/test_clocks/:id', ({ ctx, path }) => {
    const clock = ctx.get('test_helpers.test_clock', path('id'))
    // Its customers go with it, as at Stripe.
    for (const customer of ctx.all('customer', { test_clock: clock.id })) ctx.store.delete(customer.id)
    ctx.store.prepare('DELETE FROM due WHERE clock = ?').run(clock.id)
    ctx.emit('test_helpers.test_clock.deleted', clock)
    ctx.store.delete(clock.id)
    return { id: clock.id, object: 'test_helpers.test_clock', deleted: true }
  }),
]

export const systemRoutes = [...events, ...endpoints, ...clocks]
