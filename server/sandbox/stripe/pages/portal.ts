import { Hono, type Context as HonoContext } from 'hono'
import { html } from 'hono/html'
import { cardByNumber } from '../cards.ts'
import type { Context } from '../context.ts'
import type { Engine } from '../engine.ts'
import { StripeFault } from '../errors.ts'
import { collectInvoice, endSubscription } from '../objects/collection.ts'
import { setDefault } from '../objects/customer.ts'
import { attachPaymentMethod, newCardMethod, notATestCard } from '../objects/payment-method.ts'
import { isOver, paymentMethodOf, periodOf } from '../objects/subscription.ts'
import { updateSubscription } from '../objects/subscription-update.ts'
import { Params } from '../params.ts'
import type { PortalSession, Subscription } from '../types.ts'
import { readForm } from './checkout.ts'
import { alert, day, type Html, money, PAGE_HEADERS, page } from './layout.ts'

/** A portal link works for an hour. */
const LINK_SECONDS = 3600

/** The billing portal: cancel and resume subscriptions, change the card, see invoices. */
export function portalPages(engine: Engine, afterwards: () => void): Hono {
  const app = new Hono()

  app.get('/p/session/:id', (c) => {
    engine.runDue(engine.now())
    const found = open(c.req.param('id'))
    if (!found)
      return c.html(
        page('Expired', html`<div class="card"><h1>This link has expired.</h1></div>`, { narrow: true }),
        410,
        PAGE_HEADERS,
      )
    return c.html(view(found.ctx, found.session), 200, PAGE_HEADERS)
  })

  app.post('/p/session/:id', async (c) => {
    const form = await readForm(c)
    const found = open(c.req.param('id'))
    if (!found)
      return c.html(
        page('Expired', html`<div class="card"><h1>This link has expired.</h1></div>`, { narrow: true }),
        410,
        PAGE_HEADERS,
      )
    try {
      engine.store.transaction(() => act(found.ctx, found.session, form))
      return next(c, found.session)
    } catch (error) {
      if (!(error instanceof StripeFault)) throw error
      return c.html(view(found.ctx, found.session, error.message), 400, PAGE_HEADERS)
    } finally {
      engine.runDue(engine.now())
      afterwards()
    }
  })

  function open(id: string): { ctx: Context; session: PortalSession } | undefined {
    const session = engine.store.find('billing_portal.session', id)
    if (!session || session.created + LINK_SECONDS < engine.now()) return undefined
    return {
      ctx: engine.context({ account: engine.store.accountOf(id) }).forCustomer(session.customer),
      session,
    }
  }

  return app
}

function next(c: HonoContext, session: PortalSession): Response {
  const back = session.flow?.after_completion.redirect?.return_url
  return c.redirect(back ?? `/p/session/${session.id}`, 303)
}

function act(ctx: Context, session: PortalSession, form: Record<string, string>): void {
  const configuration = ctx.get('billing_portal.configuration', String(session.configuration))
  const { subscription_cancel: cancel, payment_method_update: update } = configuration.features
  const owned = form.subscription ? ctx.get('subscription', form.subscription) : undefined
  // The page belongs to one customer; another's ids are unknown here.
  if (owned && owned.customer !== session.customer)
    throw new StripeFault(404, { type: 'invalid_request_error', message: 'No such subscription.' })
  switch (form.action) {
    case 'cancel':
      if (!owned || !cancel.enabled) return
      if (cancel.mode === 'immediately') endSubscription(ctx, owned, 'cancellation_requested')
      else updateSubscription(ctx, owned, new Params({ cancel_at_period_end: 'true' }))
      return
    case 'resume':
      if (owned) updateSubscription(ctx, owned, new Params({ cancel_at_period_end: 'false' }))
      return
    case 'card':
      if (update.enabled) changeCard(ctx, session.customer, form.card ?? '')
      return
    default:
  }
}

/** The new card becomes the default, and open invoices are tried with it at once. */
function changeCard(ctx: Context, customerId: string, number: string): void {
  const card = cardByNumber(number)
  if (!card) throw notATestCard()
  const customer = ctx.get('customer', customerId)
  const method = attachPaymentMethod(ctx, newCardMethod(ctx, card, { email: customer.email }), customer.id, {
    authenticated: true,
  })
  setDefault(ctx, customer, method.id)
  for (const subscription of ctx.all('subscription', { customer: customer.id })) {
    if (isOver(subscription)) continue
    if (subscription.default_payment_method) {
      ctx.changeAndEmit('customer.subscription.updated', subscription, { default_payment_method: method.id })
    }
    const invoice = ctx.find('invoice', subscription.latest_invoice)
    if (invoice?.status === 'open') collectInvoice(ctx, invoice, method, { authenticated: true })
  }
}

function view(ctx: Context, session: PortalSession, error?: string): Html {
  const customer = ctx.get('customer', session.customer)
  const features = ctx.get('billing_portal.configuration', String(session.configuration)).features
  const subscriptions = ctx.all('subscription', { customer: customer.id }).filter((entry) => !isOver(entry))
  const invoices = ctx.all('invoice', { customer: customer.id }).filter(({ status }) => status !== 'draft')
  const [first] = subscriptions
  const card = first
    ? paymentMethodOf(ctx, first)?.card
    : ctx.find('payment_method', String(customer.invoice_settings.default_payment_method))?.card
  return page(
    'Billing',
    html`<h1>Billing of ${customer.email ?? customer.name ?? customer.id}</h1>${alert(error)}
<section class="card"><h2>Subscriptions</h2>
${subscriptions.length === 0 ? html`<p class="soft">None.</p>` : subscriptions.map((entry) => subscriptionCard(ctx, entry, features.subscription_cancel.enabled))}
</section>
${
  features.payment_method_update.enabled
    ? html`<section class="card"><h2>Payment method</h2><p>${card ? `${card.brand} ending in ${card.last4}` : 'None saved.'}</p>
<form method="post"><label for="card">New card number</label><div class="row"><input id="card" name="card" inputmode="numeric" style="flex:1" required><button name="action" value="card">Change card</button></div></form></section>`
    : ''
}
${
  features.invoice_history.enabled
    ? html`<section class="card"><h2>Invoices</h2><div class="scroll"><table><thead><tr><th scope="col">Date</th><th scope="col">Number</th><th scope="col">Status</th><th scope="col" class="amount">Amount</th></tr></thead><tbody>
${invoices.map((invoice) => html`<tr><td>${day(invoice.created)}</td><td><a href="${invoice.hosted_invoice_url}">${invoice.number}</a></td><td>${invoice.status}</td><td class="amount">${money(invoice.total, invoice.currency)}</td></tr>`)}
</tbody></table></div></section>`
    : ''
}
${session.return_url ? html`<a class="button" href="${session.return_url}">Back</a>` : ''}`,
  )
}

function subscriptionCard(ctx: Context, subscription: Subscription, cancelable: boolean): Html {
  const [item] = subscription.items.data
  const name = ctx.find('product', item?.price.product)?.name ?? subscription.id
  const ends = subscription.cancel_at !== null
  return html`<div class="row"><div style="flex:1"><strong>${name}</strong> <span class="state">${subscription.status}</span>
<div class="soft">${ends ? `Ends on ${day(subscription.cancel_at)}` : `Renews on ${day(periodOf(subscription).end)}`}</div></div>
<form method="post"><input type="hidden" name="subscription" value="${subscription.id}">
${ends ? html`<button name="action" value="resume">Keep it</button>` : cancelable ? html`<button name="action" value="cancel">Cancel</button>` : ''}</form></div>`
}
