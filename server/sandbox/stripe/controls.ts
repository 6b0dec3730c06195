import { Hono, type Context as HonoContext } from 'hono'
import type { Deliverer } from './delivery.ts'
import type { Engine } from './engine.ts'
import { faultAnswer, StripeFault } from './errors.ts'
import type { Disturbance, Faults } from './faults.ts'
import type { Operator } from './operator.ts'
import { dashboard } from './pages/dashboard.ts'
import { PAGE_HEADERS } from './pages/layout.ts'

/**
 * The operator's controls over HTTP, for a sandbox that runs as its own process, and the dashboard with buttons for them.
 * They take JSON or form fields; a form's `back` leads back to the page.
 */
export function controls(engine: Engine, operator: Operator, deliverer: Deliverer, faults: Faults): Hono {
  const app = new Hono()

  app.get('/', (c) => c.html(dashboard(engine), 200, PAGE_HEADERS))

  app.get('/_sandbox/events', (c) => {
    const type = c.req.query('type')
    return c.json({ data: operator.events(type ? { type } : {}), now: engine.now() })
  })
  app.get('/_sandbox/time', (c) => c.json({ now: engine.now() }))

  const action = (path: string, run: (fields: Record<string, string>, c: HonoContext) => unknown): void => {
    app.post(path, async (c) => {
      const fields = await readFields(c)
      try {
        const result = await run(fields, c)
        return fields.back === '/'
          ? c.redirect('/', 303)
          : c.json({ ok: true, result: result ?? null, now: engine.now() })
      } catch (error) {
        if (!(error instanceof StripeFault)) throw error
        if (fields.back === '/') return c.html(dashboard(engine, error.message), 400, PAGE_HEADERS)
        return c.json(faultAnswer(error, '', engine.url), error.status as 400)
      }
    })
  }
  const param = (c: HonoContext) => c.req.param('id') ?? ''

  action('/_sandbox/advance', ({ to, days, months }) =>
    operator.advance(
      to
        ? new Date(/^\d+$/.test(to) ? Number(to) * 1000 : to)
        : { days: Number(days ?? 0), months: Number(months ?? 0) },
    ),
  )
  action('/_sandbox/disputes', ({ charge, reason, inquiry }) =>
    operator.disputes.open(charge ?? '', { reason, inquiry: inquiry === 'true' }),
  )
  action('/_sandbox/disputes/:id/win', (_, c) => operator.disputes.win(param(c)))
  action('/_sandbox/disputes/:id/lose', (_, c) => operator.disputes.lose(param(c)))
  action('/_sandbox/early_fraud_warnings', ({ charge }) => operator.earlyFraudWarning(charge ?? ''))
  action('/_sandbox/refunds/:id/fail', (_, c) => operator.refunds.fail(param(c)))
  action('/_sandbox/accounts/:id/finish', (_, c) => operator.accounts.finish(param(c)))
  action('/_sandbox/accounts/:id/restrict', (_, c) => operator.accounts.restrict(param(c)))
  action('/_sandbox/pay', async ({ session, ...form }) => {
    const response = await operator.pay(session ?? '', {
      card: form.card ?? '',
      email: form.email,
      promotionCode: form.promotion_code,
      authorize3ds: form.authorize3ds === undefined ? undefined : form.authorize3ds === 'true',
    })
    return { status: response.status, location: response.headers.get('location') }
  })
  action('/_sandbox/events/:id/deliver', async ({ times, timestamp, secret }, c) => {
    const responses = await operator.deliver(param(c), {
      times: times ? Number(times) : undefined,
      timestamp: timestamp ? Number(timestamp) : undefined,
      secret,
    })
    return responses.map(({ status }) => status)
  })
  action('/_sandbox/settled', () => deliverer.settled())
  action('/_sandbox/faults', ({ match, delayMs, status, times }) => {
    const wanted: Disturbance = { match: match ?? '' }
    if (delayMs) wanted.delayMs = Number(delayMs)
    if (status) wanted.status = Number(status)
    if (times) wanted.times = Number(times)
    if (wanted.match) faults.order(wanted)
    else faults.clear()
  })
  return app
}

async function readFields(c: HonoContext): Promise<Record<string, string>> {
  const json = c.req.header('content-type')?.includes('json')
  const given: unknown = json ? await c.req.json().catch(() => ({})) : await c.req.parseBody()
  if (typeof given !== 'object' || given === null) return {}
  return Object.fromEntries(
    Object.entries(given)
      .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
      .map(([name, value]) => [name, String(value)]),
  )
}
