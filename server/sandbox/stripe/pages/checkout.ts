import { Hono, type Context as HonoContext } from 'hono'
import { html } from 'hono/html'
import { cardByNumber } from '../cards.ts'
import type { Context } from '../context.ts'
import type { Engine } from '../engine.ts'
import { StripeFault } from '../errors.ts'
import { applyPromotionCode, type Submitted, submitSession } from '../objects/checkout.ts'
import { successUrl } from '../objects/checkout-session.ts'
import { newCardMethod, newDebitMethod, notATestCard } from '../objects/payment-method.ts'
import { TAXED_COUNTRIES } from '../objects/tax.ts'
import type { CheckoutSession, PaymentMethod } from '../types.ts'
import { alert, day, type Html, money, PAGE_HEADERS, page } from './layout.ts'

type Form = Record<string, string>

/** The hosted payment page: a person fills it in, a script posts the same fields (`card=4242424242424242`). */
export function checkoutPages(engine: Engine, afterwards: () => void): Hono {
  const app = new Hono()

  app.get('/c/pay/:id', (c) => {
    engine.runDue(engine.now())
    const session = engine.store.find('checkout.session', c.req.param('id'))
    return session ? show(c, session) : c.html(gone('There is no such checkout.'), 404, PAGE_HEADERS)
  })

  app.post('/c/pay/:id', async (c) => {
    const form = await readForm(c)
    engine.runDue(engine.now())
    const session = engine.store.find('checkout.session', c.req.param('id'))
    if (!session) return c.html(gone('There is no such checkout.'), 404, PAGE_HEADERS)
    if (session.status !== 'open') return show(c, session, undefined, 409)
    try {
      const submitted = engine.store.transaction(() => {
        const ctx = engine
          .context({ account: engine.store.accountOf(session.id) })
          .forCustomer(session.customer)
        const code = form.promotion_code?.trim()
        if (code) applyPromotionCode(ctx, session, code)
        if (form.action === 'apply_code') return undefined
        return submitSession(ctx, session, readMethod(ctx, session, form), {
          email: form.email,
          name: form.name,
          country: form.country,
        })
      })
      return submitted ? conclude(c, session, submitted) : c.redirect(`/c/pay/${session.id}`, 303)
    } catch (error) {
      if (!(error instanceof StripeFault)) throw error
      return show(
        c,
        engine.store.find('checkout.session', session.id) ?? session,
        error.message,
        error.status === 402 ? 402 : 400,
      )
    } finally {
      engine.runDue(engine.now())
      afterwards()
    }
  })

  return app
}

export async function readForm(c: HonoContext): Promise<Form> {
  const body = await c.req.parseBody()
  return Object.fromEntries(
    Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/** The way on after a submission or an answered challenge. */
export function conclude(
  c: HonoContext,
  session: CheckoutSession,
  submitted: Submitted,
): Response | Promise<Response> {
  switch (submitted.state) {
    case 'complete':
      return c.redirect(successUrl(session), 303)
    case 'challenge':
      return c.redirect(submitted.url, 303)
    case 'declined':
      return show(c, session, submitted.message, 402)
  }
}

function readMethod(ctx: Context, session: CheckoutSession, form: Form): PaymentMethod | undefined {
  const billing = { email: form.email || null, name: form.name || null, country: form.country || null }
  if (form.method === 'bank_debit' || (!form.card && form.account)) {
    return newDebitMethod(ctx, 'us_bank_account', form.account || '000123456789', billing)
  }
  if (!form.card) {
    const free = (session.amount_total ?? 0) === 0 && session.payment_method_collection === 'if_required'
    if (free) return undefined
    throw new StripeFault(400, { type: 'invalid_request_error', message: 'Enter a card number.' })
  }
  const card = cardByNumber(form.card)
  if (!card) throw notATestCard()
  return newCardMethod(ctx, card, billing)
}

function show(c: HonoContext, session: CheckoutSession, error?: string, status: 200 | 400 | 402 | 409 = 200) {
  if (session.status === 'complete') {
    return c.html(gone('You have already paid.', successUrl(session)), status, PAGE_HEADERS)
  }
  if (session.status === 'expired') {
    return c.html(gone('This checkout has expired.', session.cancel_url ?? undefined), status, PAGE_HEADERS)
  }
  return c.html(paymentPage(session, error), status, PAGE_HEADERS)
}

function gone(message: string, link?: string): Html {
  return page(
    message,
    html`<div class="card"><h1>${message}</h1>${link ? html`<a class="button" href="${link}">Back to the shop</a>` : ''}</div>`,
    { narrow: true },
  )
}

function summary(session: CheckoutSession): Html {
  const items = session._sandbox?.lineItems ?? []
  const details = session.total_details
  const trial = session._sandbox?.subscriptionData
  const trialDays = trial?.trialPeriodDays
  return html`<section class="card" aria-labelledby="order">
<h2 id="order">Your order</h2>
<table><thead><tr><th scope="col">Item</th><th scope="col" class="amount">Amount</th></tr></thead><tbody>
${items.map(
  (item) => html`<tr><td>${item.description}${(item.quantity ?? 1) > 1 ? ` × ${item.quantity}` : ''}
<div class="soft">${item.price.recurring ? `${money(item.amount_subtotal, item.currency)} every ${item.price.recurring.interval_count > 1 ? `${item.price.recurring.interval_count} ` : ''}${item.price.recurring.interval}` : ''}</div></td>
<td class="amount">${money(trialDays && item.price.recurring ? 0 : item.amount_subtotal, item.currency)}</td></tr>`,
)}
${details?.amount_discount ? html`<tr><td>Discount</td><td class="amount">−${money(details.amount_discount, session.currency)}</td></tr>` : ''}
${details?.amount_tax ? html`<tr><td>Tax</td><td class="amount">${money(details.amount_tax, session.currency)}</td></tr>` : ''}
<tr class="total"><td>Due today</td><td class="amount">${money(session.amount_total, session.currency)}</td></tr>
</tbody></table>
${trialDays ? html`<p class="soft">Free for ${trialDays} days. You can cancel before the trial ends.</p>` : ''}
<p class="soft">This offer stands until ${day(session.expires_at)}.</p>
${
  session.allow_promotion_codes
    ? html`<form method="post" action="/c/pay/${session.id}"><label for="promotion_code">Promotion code</label><div class="row"><input id="promotion_code" name="promotion_code" style="flex:1" required><button name="action" value="apply_code">Apply</button></div></form>`
    : ''
}
${session.cancel_url ? html`<p><a href="${session.cancel_url}">Back</a></p>` : ''}
</section>`
}

function paymentPage(session: CheckoutSession, error: string | undefined): Html {
  const email = session.customer_details?.email ?? session.customer_email ?? ''
  const verb =
    session.mode === 'subscription'
      ? session._sandbox?.subscriptionData.trialPeriodDays
        ? 'Start trial'
        : 'Subscribe'
      : 'Pay'
  const free = (session.amount_total ?? 0) === 0 && session.payment_method_collection === 'if_required'
  return page(
    'Checkout',
    html`<h1>${session.mode === 'subscription' ? 'Subscribe' : 'Pay'} ${money(session.amount_total, session.currency)}</h1>
${alert(error)}
<div class="split">${summary(session)}
<form class="card" method="post" action="/c/pay/${session.id}" autocomplete="off">
<h2>Payment</h2>
<label for="email">Email</label><input id="email" name="email" type="email" required value="${email}" ${session.customer || session.customer_email ? 'readonly' : ''}>
${
  free
    ? html`<p>Nothing to pay today.</p>`
    : html`<fieldset><legend>How do you want to pay?</legend>
<label class="choice"><input type="radio" name="method" value="card" checked>Card</label>
<label class="choice"><input type="radio" name="method" value="bank_debit">Bank debit (settles later)</label></fieldset>
<div class="cardonly"><label for="card">Card number</label><input id="card" name="card" inputmode="numeric" placeholder="4242 4242 4242 4242" aria-describedby="hint">
<div class="pair"><div><label for="exp">Expiry</label><input id="exp" name="exp" placeholder="12/34"></div>
<div><label for="cvc">Security code</label><input id="cvc" name="cvc" inputmode="numeric" placeholder="123"></div></div></div>
<div class="bank"><label for="account">Bank account</label><input id="account" name="account" inputmode="numeric" placeholder="000123456789"></div>`
}
<label for="name">Name</label><input id="name" name="name">
${
  session.automatic_tax.enabled || session.billing_address_collection === 'required'
    ? html`<label for="country">Country</label><select id="country" name="country"><option value="US">US</option>${TAXED_COUNTRIES.map((country) => html`<option value="${country}">${country}</option>`)}</select>`
    : ''
}
<button class="primary" name="action" value="pay">${verb}${free ? '' : ` ${money(session.amount_total, session.currency)}`}</button>
<details id="hint"><summary class="soft">Test cards</summary><ul class="soft">
<li>4242 4242 4242 4242 succeeds</li><li>4000 0000 0000 0002 is declined, 9995 lacks funds</li>
<li>4000 0025 0000 3155 asks for 3-D Secure</li><li>4000 0000 0000 0259 will be disputed</li>
<li>4000 0000 0000 0341 pays once and fails at renewal</li><li>Bank account 000111111116 fails to settle</li></ul></details>
</form></div>`,
  )
}
