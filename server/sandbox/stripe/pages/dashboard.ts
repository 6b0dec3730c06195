import { html } from 'hono/html'
import type { Engine } from '../engine.ts'
import { idOf } from '../ids.ts'
import type { Charge, SandboxEvent } from '../types.ts'
import { alert, day, type Html, money, page } from './layout.ts'

const SHOWN = 20

/** What a person sees at `/`: recent objects, events and their deliveries, with what at Stripe the dashboard does. */
export function dashboard(engine: Engine, error?: string): Html {
  const now = engine.now()
  return page(
    'Dashboard',
    html`<h1>Stripe sandbox</h1>${alert(error ?? engine.store.setting('last_failure'))}
<section class="card row"><div style="flex:1">Time here: <strong>${new Date(now * 1000).toISOString().replace('T', ' ').slice(0, 16)} UTC</strong></div>
${[
  ['days', '1', 'Pass a day'],
  ['days', '7', 'Pass a week'],
  ['months', '1', 'Pass a month'],
].map(([unit, count, words]) =>
  button('/_sandbox/advance', { [unit ?? '']: count ?? '' }, words ?? ''),
)}</section>
${payments(engine)}${subscriptions(engine)}${events(engine)}`,
  )
}

function button(action: string, fields: Record<string, string>, words: string): Html {
  return html`<form method="post" action="${action}">${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}<input type="hidden" name="back" value="/"><button>${words}</button></form>`
}

function table(title: string, heads: string[], rows: Html[]): Html {
  return html`<section class="card"><h2>${title}</h2>${
    rows.length === 0
      ? html`<p class="soft">Nothing yet.</p>`
      : html`<div class="scroll"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`
  }</section>`
}

function payments(engine: Engine): Html {
  const charges = engine.store.list('charge', {}, { limit: SHOWN })
  return table(
    'Payments',
    ['Charge', 'Amount', 'State', ''],
    charges.map(
      (
        charge,
      ) => html`<tr><td><code>${charge.id}</code><div class="soft">${charge.billing_details.email ?? ''} ${charge.description ?? ''}</div></td>
<td class="amount">${money(charge.amount, charge.currency)}${charge.amount_refunded ? html`<div class="soft">−${money(charge.amount_refunded, charge.currency)}</div>` : ''}</td>
<td><span class="state ${charge.status === 'succeeded' ? 'good' : 'bad'}">${charge.status}</span>${charge.disputed ? ' disputed' : ''}${charge.refunded ? ' refunded' : ''}</td>
<td><div class="row">${chargeButtons(engine, charge)}</div></td></tr>`,
    ),
  )
}

function chargeButtons(engine: Engine, charge: Charge): Html[] {
  const dispute = engine.store.list('dispute', { charge: charge.id })[0]
  const refund = engine.store
    .list('refund', { charge: charge.id })
    .find(({ status }) => status === 'succeeded' || status === 'pending')
  const buttons: Html[] = []
  if (dispute && !['won', 'lost', 'warning_closed'].includes(dispute.status)) {
    buttons.push(
      button(`/_sandbox/disputes/${dispute.id}/win`, {}, 'Win dispute'),
      button(`/_sandbox/disputes/${dispute.id}/lose`, {}, 'Lose dispute'),
    )
  }
  if (charge.status === 'succeeded' && !charge.disputed) {
    buttons.push(
      button('/_sandbox/disputes', { charge: charge.id }, 'Dispute'),
      button('/_sandbox/early_fraud_warnings', { charge: charge.id }, 'Fraud warning'),
    )
  }
  if (refund) buttons.push(button(`/_sandbox/refunds/${refund.id}/fail`, {}, 'Fail refund'))
  return buttons
}

function subscriptions(engine: Engine): Html {
  return table(
    'Subscriptions',
    ['Subscription', 'Customer', 'State', 'Period ends'],
    engine.store.list('subscription', {}, { limit: SHOWN }).map(
      (
        entry,
      ) => html`<tr><td><code>${entry.id}</code></td><td>${engine.store.find('customer', idOf(entry.customer) ?? '')?.email ?? ''}</td>
<td class="state">${entry.status}${entry.cancel_at ? ' (ends)' : ''}</td><td>${day(entry.items.data[0]?.current_period_end)}</td></tr>`,
    ),
  )
}

function events(engine: Engine): Html {
  const rows = engine.store
    .select(['1 = 1'], [], { limit: 50 }, 'events')
    .map((json) => JSON.parse(json) as SandboxEvent)
  return table(
    'Events',
    ['Event', 'Delivery', ''],
    rows.map((event) => {
      const delivery = engine.store
        .prepare(
          'SELECT attempts, next_at_ms, last_status, last_error FROM deliveries WHERE event_id = ? LIMIT 1',
        )
        .get(event.id)
      const state = delivery
        ? `${delivery.last_status ?? delivery.last_error ?? 'waiting'}${delivery.next_at_ms !== null && Number(delivery.attempts) > 0 ? ', will be tried again' : ''}`
        : 'no endpoint'
      return html`<tr><td><details><summary>${event.type}</summary><code><pre>${JSON.stringify(event, null, 2)}</pre></code></details></td>
<td>${state}</td><td>${button(`/_sandbox/events/${event.id}/deliver`, {}, 'Send again')}</td></tr>`
    }),
  )
}
