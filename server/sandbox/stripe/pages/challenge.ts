import { Hono } from 'hono'
import { html } from 'hono/html'
import type { Engine } from '../engine.ts'
import { StripeFault } from '../errors.ts'
import { answerChallenge, submitSession } from '../objects/checkout.ts'
import { answerIntentChallenge } from '../objects/outcomes.ts'
import { confirmSetup, rejectSetup } from '../routes/setup-intents.ts'
import type { CheckoutSession } from '../types.ts'
import { conclude, readForm } from './checkout.ts'
import { PAGE_HEADERS, page } from './layout.ts'

/** The bank's 3-D Secure page: complete or fail. Its subject is an intent, or a session that waits to subscribe. */
export function challengePages(engine: Engine, afterwards: () => void): Hono {
  const app = new Hono()

  app.get('/3d_secure/:id', (c) => {
    if (!waiting(c.req.param('id'))) return c.html(over, 410, PAGE_HEADERS)
    return c.html(
      page(
        'Confirm your payment',
        html`<div class="card"><h1>Confirm your payment</h1><p>The sandbox bank asks: is this payment yours?</p>
<form method="post" class="row"><button class="primary" name="action" value="complete">Complete</button>
<button name="action" value="fail" style="width:100%">Fail</button></form></div>`,
        { narrow: true },
      ),
      200,
      PAGE_HEADERS,
    )
  })

  app.post('/3d_secure/:id', async (c) => {
    const form = await readForm(c)
    const id = c.req.param('id')
    if (!waiting(id)) return c.html(over, 410, PAGE_HEADERS)
    try {
      return await engine.store.transaction(() => answer(id, form.action === 'complete'))(c)
    } finally {
      engine.runDue(engine.now())
      afterwards()
    }
  })

  const over = page(
    'Over',
    html`<div class="card"><h1>There is nothing to confirm here any more.</h1></div>`,
    { narrow: true },
  )

  function waiting(id: string): boolean {
    if (id.startsWith('cs_')) {
      const session = engine.store.find('checkout.session', id)
      return session?.status === 'open' && session._sandbox?.pendingPaymentMethod !== undefined
    }
    const intent = engine.store.find('payment_intent', id) ?? engine.store.find('setup_intent', id)
    return intent?.status === 'requires_action'
  }

  type Reply = (c: Parameters<typeof conclude>[0]) => Response | Promise<Response>

  function answer(id: string, passed: boolean): Reply {
    const base = engine.context({ account: engine.store.accountOf(id) })
    if (id.startsWith('cs_')) return answerForSession(id, passed)
    const setup = base.find('setup_intent', id)
    if (setup) {
      const ctx = base.forCustomer(setup.customer)
      if (passed) confirmSetup(ctx, setup, true)
      else
        rejectSetup(
          ctx,
          setup,
          'setup_intent_authentication_failure',
          'The payment method failed authentication.',
        )
      return back(setup._sandbox?.returnUrl, {
        setup_intent: id,
        redirect_status: passed ? 'succeeded' : 'failed',
      })
    }
    const intent = base.get('payment_intent', id)
    const ctx = base.forCustomer(intent.customer)
    const session = base.find('checkout.session', intent._sandbox?.session)
    if (session?.status === 'open') {
      const submitted = answerChallenge(ctx, session, intent, passed)
      return (c) => conclude(c, session, submitted)
    }
    const payment = answerIntentChallenge(ctx, intent, passed)
    return back(intent._sandbox?.returnUrl, {
      payment_intent: id,
      payment_intent_client_secret: intent.client_secret ?? '',
      redirect_status: payment.outcome === 'failed' ? 'failed' : 'succeeded',
    })
  }

  function answerForSession(id: string, passed: boolean): Reply {
    const base = engine.context({ account: engine.store.accountOf(id) })
    const session = base.get('checkout.session', id) as CheckoutSession
    const ctx = base.forCustomer(session.customer)
    const method = ctx.find('payment_method', session._sandbox?.pendingPaymentMethod)
    if (!passed || !method) {
      return (c) =>
        conclude(c, session, {
          state: 'declined',
          message:
            'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
        })
    }
    const details = session.customer_details
    const submitted = submitSession(ctx, session, method, {
      authenticated: true,
      email: details?.email ?? undefined,
      name: details?.name ?? undefined,
      country: session._sandbox?.taxCountry,
    })
    return (c) => conclude(c, session, submitted)
  }

  return app
}

function back(returnUrl: string | undefined, query: Record<string, string>) {
  return (c: Parameters<typeof conclude>[0]) => {
    if (!returnUrl) {
      return c.html(
        page('Done', html`<div class="card"><h1>Done. You can close this page.</h1></div>`, { narrow: true }),
        200,
        PAGE_HEADERS,
      )
    }
    if (!URL.canParse(returnUrl))
      throw new StripeFault(400, { type: 'invalid_request_error', message: 'Invalid return_url' })
    const url = new URL(returnUrl)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    return c.redirect(url.href, 303)
  }
}
