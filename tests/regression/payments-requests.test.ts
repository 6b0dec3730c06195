import { expect, test } from 'vitest'
import { BANK_DEBIT, booksOf, pay, RETURN_URLS, start } from '../payments/support.ts'
import { createTestApp } from '../support/app.ts'
import { buy } from '../support/payments.ts'
import { signUp } from '../support/people.ts'

test('the same purchase begun twice at once is one page; another one is another', async () => {
  await using t = await createTestApp()
  const ada = await signUp(t)
  const call = (plan = 'pro') => ada.forge.payments.createCheckout({ item: { plan }, ...RETURN_URLS })
  const answers = await Promise.all([call(), call(), call()])
  answers.push(await call())
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect((await t.deps.stripe?.checkout.sessions.list())?.data).toHaveLength(1)
  expect((await call('enterprise')).id).not.toBe(answers[0]?.id)
  // A page that is over is not offered again.
  await t.sandbox.advance({ days: 2 })
  expect(await t.drain()).toEqual([])
  expect((await start(t, ada)).id).not.toBe(answers[0]?.id)
})

test('what is paid but not decided at the bank is not sold a second time', async () => {
  await using t = await createTestApp({ sandbox: { settings: { asyncSeconds: 86_400 } } })
  const ada = await signUp(t)
  await pay(t, await start(t, ada), BANK_DEBIT)
  expect(await t.drain()).toEqual([])
  expect((await booksOf(t, ada)).checkouts).toMatchObject([{ status: 'processing' }])
  const again = ada.forge.payments.createCheckout({ item: { plan: 'pro' }, ...RETURN_URLS })
  await expect(again).rejects.toMatchObject({ code: 'ALREADY_OWNED', details: { licenseId: null } })
  expect((await start(t, ada, { plan: 'enterprise' })).sessionId).toMatch(/^cs_/)
})

test('payloads of events that were dealt with are reduced to ids after 30 days, and can still be replayed', async () => {
  await using t = await createTestApp()
  const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
  await buy(t, ada, { plan: 'pro' })
  const purge = async () => {
    await t.deps.jobs.enqueue(t.deps.db, 'payments.purge', {})
    expect(await t.drain()).toEqual([])
  }
  const payloads = () => t.deps.sql`select id, type, status, payload from webhook_events order by id`
  const before = [...(await payloads())]
  expect(JSON.stringify(before)).toContain(ada.email)
  await purge()
  expect([...(await payloads())]).toEqual(before)
  const failed = before.find(({ type }) => type === 'charge.succeeded')
  await t.deps.sql`update webhook_events set status = 'quarantined' where id = ${String(failed?.id)}`
  await t.deps.sql`update webhook_events set received_at = received_at - interval '31 days'`
  await purge()
  for (const { id, type, payload } of await payloads()) {
    if (id === failed?.id) {
      expect(payload).toEqual(failed?.payload)
      continue
    }
    expect(JSON.stringify(payload)).not.toContain(ada.email)
    expect(Object.keys(payload.data.object)).toContain('id')
    expect(payload).toMatchObject({ reduced: true })
    if (type.startsWith('charge.')) expect(payload.data.object.payment_intent).toMatch(/^pi_/)
  }
  const books = await booksOf(t, ada)
  const completed = before.find(({ type }) => type === 'checkout.session.completed')
  await admin.forge.admin.replayWebhook({ id: String(completed?.id) })
  expect(await t.drain()).toEqual([])
  expect(await booksOf(t, ada)).toEqual(books)
})

test('an admin who acts for the customer sees the purchase, not its key', async () => {
  await using t = await createTestApp()
  const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
  const { checkoutId, licenseKey } = await buy(t, ada, { plan: 'pro' })
  expect(licenseKey).toMatch(/^DF-/)
  await t.deps.sql`update sessions set impersonated_by = ${admin.id} where user_id = ${ada.id}`
  expect(await ada.forge.payments.checkout({ id: checkoutId })).toMatchObject({
    status: 'complete',
    licenseKey: null,
  })
})

test('a refund may be asked for again a day later, and people see it', async () => {
  await using t = await createTestApp()
  const ada = await signUp(t)
  const { paymentId } = await buy(t, ada, { plan: 'pro' })
  const ask = (reason: string) => ada.forge.payments.requestRefund({ paymentId, reason })
  const first = await ask('one')
  t.clock.advance(23 * 3_600_000)
  expect(await ask('two')).toEqual(first)
  t.clock.advance(2 * 3_600_000)
  const later = await ask('three')
  expect(later.requestedAt > first.requestedAt).toBe(true)
  expect(await ask('four')).toEqual(later)
  const audit = await t.deps
    .sql`select reason, after from audit_log where action = 'refund.requested_by_customer' order by id`
  // The audit log can never be erased: it names the tickets, which hold the customer's words.
  expect(audit).toEqual([
    { reason: null, after: { ticketId: first.ticketId } },
    { reason: null, after: { ticketId: later.ticketId } },
  ])
  const agent = await signUp(t, { role: 'agent' })
  const words = [first, later].map(async ({ ticketId }) => {
    const { messages } = await agent.forge.tickets.get({ id: String(ticketId) })
    return messages.map(({ body }) => body)
  })
  expect(await Promise.all(words)).toEqual([['one'], ['three']])
})
