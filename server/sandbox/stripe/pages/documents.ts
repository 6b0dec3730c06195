import { Hono } from 'hono'
import { html } from 'hono/html'
import { cardByNumber } from '../cards.ts'
import type { Engine } from '../engine.ts'
import { StripeFault } from '../errors.ts'
import { finishOnboarding } from '../objects/account.ts'
import { collectInvoice } from '../objects/collection.ts'
import { newCardMethod, notATestCard } from '../objects/payment-method.ts'
import type { Invoice } from '../types.ts'
import { readForm } from './checkout.ts'
import { alert, day, type Html, money, PAGE_HEADERS, page } from './layout.ts'
import { onePagePdf } from './pdf.ts'

/** Invoices, receipts and the onboarding of connected accounts. */
export function documentPages(engine: Engine, afterwards: () => void): Hono {
  const app = new Hono()
  const byToken = (token: string) => engine.store.list('invoice', { '_sandbox.token': token })[0]

  app.get('/invoice/:token', (c) => {
    const invoice = byToken(c.req.param('token'))
    if (!invoice) return c.html(unknown('invoice'), 404, PAGE_HEADERS)
    return c.html(invoicePage(invoice), 200, PAGE_HEADERS)
  })

  app.get('/invoice/:token/pdf', (c) => {
    const invoice = byToken(c.req.param('token'))
    if (!invoice) return c.html(unknown('invoice'), 404, PAGE_HEADERS)
    return c.body(onePagePdf(invoiceLines(invoice)), 200, {
      'content-type': 'application/pdf',
      'content-disposition': `attachment; filename="Invoice-${invoice.number}.pdf"`,
    })
  })

  // A customer pays an open invoice, or clears the bank's question about it, by hand.
  app.post('/invoice/:token', async (c) => {
    const form = await readForm(c)
    const invoice = byToken(c.req.param('token'))
    if (!invoice) return c.html(unknown('invoice'), 404, PAGE_HEADERS)
    try {
      const card = cardByNumber(form.card ?? '')
      if (!card) throw notATestCard()
      const payment = engine.store.transaction(() => {
        const ctx = engine
          .context({ account: engine.store.accountOf(invoice.id) })
          .forCustomer(invoice.customer)
        const method = newCardMethod(ctx, card, { email: invoice.customer_email })
        return collectInvoice(ctx, invoice, method, { returnUrl: invoice.hosted_invoice_url ?? undefined })
      })
      if (payment.outcome === 'failed')
        return c.html(invoicePage(invoice, payment.fault.message), 402, PAGE_HEADERS)
      if (payment.outcome === 'requires_action') {
        return c.redirect(`/3d_secure/${invoice._sandbox?.paymentIntent}`, 303)
      }
      return c.redirect(`/invoice/${c.req.param('token')}`, 303)
    } catch (error) {
      if (!(error instanceof StripeFault)) throw error
      return c.html(invoicePage(invoice, error.message), 400, PAGE_HEADERS)
    } finally {
      engine.runDue(engine.now())
      afterwards()
    }
  })

  app.get('/receipts/:id', (c) => {
    const charge = engine.store.find('charge', c.req.param('id'))
    if (charge?.status !== 'succeeded') return c.html(unknown('receipt'), 404, PAGE_HEADERS)
    const card = charge.payment_method_details?.card
    return c.html(
      page(
        'Receipt',
        html`<div class="card"><h1>Receipt</h1><table><tbody>
<tr><td>Amount paid</td><td class="amount">${money(charge.amount_captured, charge.currency)}</td></tr>
<tr><td>Date</td><td class="amount">${day(charge.created)}</td></tr>
<tr><td>Paid with</td><td class="amount">${card ? `${card.brand} ending in ${card.last4}` : 'bank debit'}</td></tr>
${charge.amount_refunded ? html`<tr><td>Refunded</td><td class="amount">−${money(charge.amount_refunded, charge.currency)}</td></tr>` : ''}
</tbody></table><p class="soft">${charge.description ?? ''}</p></div>`,
        { narrow: true },
      ),
      200,
      PAGE_HEADERS,
    )
  })

  app.get('/connect/onboarding/:id', (c) => {
    const account = engine.store.find('account', c.req.param('id'))
    if (!account) return c.html(unknown('account'), 404, PAGE_HEADERS)
    const query = new URL(c.req.url).search
    return c.html(
      page(
        'Get paid',
        html`<div class="card"><h1>Get paid through the sandbox</h1>
<p>${account.details_submitted ? 'Everything is in place.' : 'The sandbox asks for no documents: press the button and the account can take money.'}</p>
<form method="post" action="/connect/onboarding/${account.id}${query}"><button class="primary">Finish</button></form></div>`,
        { narrow: true },
      ),
      200,
      PAGE_HEADERS,
    )
  })

  app.post('/connect/onboarding/:id', (c) => {
    const account = engine.store.find('account', c.req.param('id'))
    if (!account) return c.html(unknown('account'), 404, PAGE_HEADERS)
    engine.store.transaction(() => finishOnboarding(engine.context(), account))
    afterwards()
    const back = c.req.query('return_url')
    return c.redirect(back && URL.canParse(back) ? back : `/connect/onboarding/${account.id}`, 303)
  })

  return app
}

function unknown(what: string): Html {
  return page('Not found', html`<div class="card"><h1>There is no such ${what}.</h1></div>`, { narrow: true })
}

function invoiceLines(invoice: Invoice): string[] {
  return [
    `Invoice ${invoice.number ?? '(draft)'}`,
    `Date ${day(invoice.created)}    Status ${invoice.status}`,
    `Bill to ${invoice.customer_name ?? ''} ${invoice.customer_email ?? ''}`,
    '',
    ...invoice.lines.data.map((line) => `${line.description ?? ''}    ${money(line.amount, line.currency)}`),
    '',
    `Total ${money(invoice.total, invoice.currency)}`,
    `Amount due ${money(invoice.amount_remaining, invoice.currency)}`,
  ]
}

function invoicePage(invoice: Invoice, error?: string): Html {
  const rows: [string, number][] = [['Subtotal', invoice.subtotal]]
  for (const { amount } of invoice.total_discount_amounts ?? []) rows.push(['Discount', -amount])
  for (const { amount } of invoice.total_taxes ?? []) rows.push(['Tax', amount])
  rows.push(['Total', invoice.total], ['Amount due', invoice.amount_remaining])
  return page(
    `Invoice ${invoice.number}`,
    html`<h1>Invoice ${invoice.number}</h1>${alert(error)}
<div class="card"><p><span class="state ${invoice.status === 'paid' ? 'good' : ''}">${invoice.status}</span> · ${day(invoice.created)} · ${invoice.customer_email ?? ''}</p>
<table><tbody>${invoice.lines.data.map((line) => html`<tr><td>${line.description}</td><td class="amount">${money(line.amount, line.currency)}</td></tr>`)}
${rows.map(([name, amount]) => html`<tr class="total"><td>${name}</td><td class="amount">${money(amount, invoice.currency)}</td></tr>`)}</tbody></table>
<p><a href="${invoice.invoice_pdf}">Download as PDF</a></p></div>
${
  invoice.status === 'open'
    ? html`<form class="card" method="post"><h2>Pay</h2><label for="card">Card number</label><input id="card" name="card" inputmode="numeric" required><button class="primary">Pay ${money(invoice.amount_remaining, invoice.currency)}</button></form>`
    : ''
}`,
    { narrow: true },
  )
}
