import { addMs, DAY } from '@devforge/server/clock'
import { describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { buy } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'
import { booksOf, eventIds, pay, start } from './support.ts'

/** Works when it is first used and fails at every renewal. */
const FAILS_LATER_CARD = '4000000000000341'
const DECLINED_CARD = '4000000000000002'

/** Lets days pass for Stripe and for us, then everything that follows from it. */
async function pass(t: TestApp, days: number): Promise<void> {
  t.clock.advance(days * DAY)
  await t.sandbox.advance({ days: 0 })
  expect(await t.drain()).toEqual([])
}

/** Weeks later sessions have ended. */
async function again(t: TestApp, person: Person): Promise<Person> {
  const forge = t.forge()
  await forge.auth.signIn({ email: person.email, password: person.password })
  return { ...person, forge }
}

const subscriptionOf = async (person: Person) => {
  const [subscription] = (await person.forge.payments.subscriptions()).items
  if (!subscription) throw new Error('no subscription')
  return subscription
}
const licenseOf = async (person: Person) => {
  const [license] = (await person.forge.licenses.list()).items
  if (!license) throw new Error('no license')
  return license
}
const subjects = async (t: TestApp, person: Person) =>
  (await t.mails(person.email)).map((mail) => mail.subject)

async function withTrial(t: TestApp, trialDays: number): Promise<void> {
  const admin = await signUp(t, { role: 'admin' })
  await admin.forge.admin.updatePlan({ slug: 'pro-monthly', trialDays })
}

describe('paid by the month', () => {
  test('bought: active to the end of the period, with an invoice, a payment and a key', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const bought = await buy(t, ada, { plan: 'pro-monthly' })
    const subscription = await subscriptionOf(ada)
    expect(subscription).toMatchObject({ plan: 'pro-monthly', status: 'active', licenseId: bought.licenseId })
    const license = await licenseOf(ada)
    expect(license).toMatchObject({ status: 'active', expiresAt: subscription.currentPeriodEnd })
    expect(bought.licenseKey).toMatch(/^DF-/)
    const [invoice] = (await ada.forge.payments.invoices()).items
    expect(invoice).toMatchObject({ status: 'paid', amountPaidMinor: 1_900, paymentId: bought.paymentId })
    expect(await ada.forge.payments.get({ id: bought.paymentId })).toMatchObject({
      status: 'succeeded',
      subscriptionId: subscription.id,
      licenseId: bought.licenseId,
      description: 'Dev Forge Pro monthly',
    })
  })

  test('renewed: the same license runs on, one payment and one invoice more, no second key', async () => {
    await using t = await createTestApp()
    let ada = await signUp(t)
    await buy(t, ada, { plan: 'pro-monthly' })
    const before = await subscriptionOf(ada)
    await pass(t, 32)
    ada = await again(t, ada)
    const after = await subscriptionOf(ada)
    expect(after).toMatchObject({ id: before.id, status: 'active' })
    expect(after.currentPeriodStart).toEqual(before.currentPeriodEnd)
    expect(await licenseOf(ada)).toMatchObject({ status: 'active', expiresAt: after.currentPeriodEnd })
    expect((await ada.forge.payments.invoices()).items.map((invoice) => invoice.status)).toEqual([
      'paid',
      'paid',
    ])
    expect(await booksOf(t, ada)).toMatchObject({ licenses: [{}], payments: [{}, {}], keyMails: 1 })
  })

  test('a renewal that fails: past due with grace and one mail per invoice; recovered when it is paid', async () => {
    await using t = await createTestApp()
    let ada = await signUp(t)
    await buy(t, ada, { plan: 'pro-monthly' }, FAILS_LATER_CARD)
    await pass(t, 32)
    ada = await again(t, ada)
    expect(await subscriptionOf(ada)).toMatchObject({ status: 'past_due' })
    expect(await licenseOf(ada)).toMatchObject({ status: 'past_due' })
    expect((await subjects(t, ada)).filter((subject) => subject.includes('could not collect'))).toHaveLength(
      1,
    )
    const [failed] = (await ada.forge.payments.list()).items
    expect(failed).toMatchObject({ status: 'failed' })

    const [open] = (await t.deps.stripe?.invoices.list({ status: 'open' }))?.data ?? []
    const [customer] = (await t.deps.stripe?.customers.list())?.data ?? []
    const method = await t.deps.stripe?.paymentMethods.attach('pm_card_visa', {
      customer: customer?.id ?? '',
    })
    await t.deps.stripe?.invoices.pay(open?.id ?? '', { payment_method: method?.id ?? '' })
    expect(await t.drain()).toEqual([])
    expect(await subscriptionOf(ada)).toMatchObject({ status: 'active' })
    expect(await licenseOf(ada)).toMatchObject({ status: 'active' })
  })

  test('a renewal that is never paid: usable for seven days of grace, then ended', async () => {
    await using t = await createTestApp()
    let ada = await signUp(t)
    const { licenseKey: key } = await buy(t, ada, { plan: 'pro-monthly' }, FAILS_LATER_CARD)
    await pass(t, 32)
    const [row] = await t.deps.sql`select past_due_since from licenses`
    const since = new Date(String(row?.past_due_since))
    expect((await ada.forge.licenses.validate({ key })).code).toBe('PAST_DUE')
    t.clock.set(addMs(since, 7 * DAY - 60_000))
    expect((await ada.forge.licenses.validate({ key })).valid).toBe(true)
    t.clock.set(addMs(since, 7 * DAY + 60_000))
    expect((await ada.forge.licenses.validate({ key })).valid).toBe(false)
    // A second failed attempt does not begin the grace anew.
    await pass(t, 1)
    const [later] = await t.deps.sql`select past_due_since from subscriptions`
    if (later?.past_due_since !== null) expect(new Date(String(later?.past_due_since))).toEqual(since)
    await pass(t, 20)
    ada = await again(t, ada)
    expect(await subscriptionOf(ada)).toMatchObject({ status: 'canceled' })
    expect(await licenseOf(ada)).toMatchObject({ status: 'expired' })
  })

  test('a card that is declined on the page buys nothing', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const checkout = await start(t, ada, { plan: 'pro-monthly' })
    expect((await t.sandbox.pay(checkout.url, { card: DECLINED_CARD })).status).toBe(402)
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject({ licenses: [], checkouts: [{ status: 'open' }] })
    expect((await subjects(t, ada)).filter((subject) => subject.includes('could not collect'))).toHaveLength(
      0,
    )
    await pay(t, checkout)
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [{ status: 'active' }],
      checkouts: [{ status: 'complete' }],
    })
  })
})

describe('a trial', () => {
  test('nothing is charged at first; a trial license with a key; paid and active afterwards', async () => {
    await using t = await createTestApp()
    await withTrial(t, 14)
    let ada = await signUp(t)
    const started = await start(t, ada, { plan: 'pro-monthly' })
    await pay(t, started)
    expect(await t.drain()).toEqual([])
    const done = await ada.forge.payments.checkout({ id: started.id })
    expect(done).toMatchObject({ status: 'complete', paymentId: null })
    expect(done.licenseKey).toMatch(/^DF-/)
    expect(await subscriptionOf(ada)).toMatchObject({ status: 'trialing', trialEnd: expect.any(Date) })
    expect(await licenseOf(ada)).toMatchObject({ status: 'trial' })
    expect((await ada.forge.payments.list()).items).toEqual([])
    await pass(t, 15)
    ada = await again(t, ada)
    expect(eventIds(t, 'customer.subscription.trial_will_end')).toHaveLength(1)
    expect(await subscriptionOf(ada)).toMatchObject({ status: 'active' })
    expect(await licenseOf(ada)).toMatchObject({ status: 'active' })
    expect((await ada.forge.payments.list()).items).toMatchObject([
      { status: 'succeeded', amountMinor: 1_900 },
    ])
    expect((await booksOf(t, ada)).keyMails).toBe(1)
  })

  test('once per person: whoever comes back pays from the first day', async () => {
    await using t = await createTestApp()
    await withTrial(t, 14)
    const ada = await signUp(t)
    await pay(t, await start(t, ada, { plan: 'pro-monthly' }))
    expect(await t.drain()).toEqual([])
    await ada.forge.payments.cancelSubscription({ id: (await subscriptionOf(ada)).id, atPeriodEnd: false })
    expect(await t.drain()).toEqual([])
    await pay(t, await start(t, ada, { plan: 'pro-monthly' }))
    expect(await t.drain()).toEqual([])
    expect((await ada.forge.payments.subscriptions()).items.map((item) => item.status)).toEqual([
      'active',
      'canceled',
    ])
  })
})

describe('canceling', () => {
  test('at the end of the period: it runs on until then; taken back in time, it renews', async () => {
    await using t = await createTestApp()
    let ada = await signUp(t)
    await buy(t, ada, { plan: 'pro-monthly' })
    const { id } = await subscriptionOf(ada)
    expect(await ada.forge.payments.cancelSubscription({ id, atPeriodEnd: true })).toMatchObject({
      status: 'active',
      cancelAtPeriodEnd: true,
    })
    expect(await licenseOf(ada)).toMatchObject({ status: 'active' })
    expect(await ada.forge.payments.resumeSubscription({ id })).toMatchObject({ cancelAtPeriodEnd: false })
    await ada.forge.payments.cancelSubscription({ id, atPeriodEnd: true })
    await pass(t, 32)
    ada = await again(t, ada)
    const ended = await subscriptionOf(ada)
    expect(ended).toMatchObject({ status: 'canceled', endedAt: ended.currentPeriodEnd })
    expect(await licenseOf(ada)).toMatchObject({ status: 'expired', expiresAt: ended.currentPeriodEnd })
    expect((await ada.forge.payments.list()).items).toHaveLength(1)
    expect(await failure(ada.forge.payments.resumeSubscription({ id }))).toBe('SUBSCRIPTION_NOT_ACTIVE')
    expect(await failure(ada.forge.payments.cancelSubscription({ id, atPeriodEnd: false }))).toBe(
      'SUBSCRIPTION_NOT_ACTIVE',
    )
  })

  test('at once: over now, also when Stripe had ended it before we heard', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    for (const behindOurBack of [false, true]) {
      const started = await start(t, ada, { plan: 'pro-monthly' })
      await pay(t, started)
      t.clock.advance(3_000)
      expect((await ada.forge.payments.checkout({ id: started.id })).status).toBe('complete')
      const { id } = await subscriptionOf(ada)
      const [row] = await t.deps.sql`select stripe_subscription_id from subscriptions where id = ${id}`
      if (behindOurBack) await t.deps.stripe?.subscriptions.cancel(String(row?.stripe_subscription_id))
      const call = ada.forge.payments.cancelSubscription({ id, atPeriodEnd: false })
      if (behindOurBack) expect(await failure(call)).toBe('SUBSCRIPTION_NOT_ACTIVE')
      else expect(await call).toMatchObject({ status: 'canceled' })
      expect(await subscriptionOf(ada)).toMatchObject({ id, status: 'canceled' })
      expect(await licenseOf(ada)).toMatchObject({ status: 'expired' })
    }
  })

  test('only one’s own', async () => {
    await using t = await createTestApp()
    const [ada, bob] = [await signUp(t), await signUp(t)]
    await buy(t, ada, { plan: 'pro-monthly' })
    const { id } = await subscriptionOf(ada)
    expect(await failure(bob.forge.payments.cancelSubscription({ id, atPeriodEnd: false }))).toBe('NOT_FOUND')
    expect(await failure(bob.forge.payments.resumeSubscription({ id }))).toBe('NOT_FOUND')
    expect((await bob.forge.payments.subscriptions()).items).toEqual([])
    expect((await subscriptionOf(ada)).status).toBe('active')
  })
})

describe('refunds of subscriptions', () => {
  test('of the present period: the license is revoked and billing stops; of an earlier one: nothing', async () => {
    await using t = await createTestApp()
    let ada = await signUp(t)
    const first = await buy(t, ada, { plan: 'pro-monthly' })
    await pass(t, 32)
    ada = await again(t, ada)
    const admin = await signUp(t, { role: 'admin' })
    await admin.forge.payments.refund({
      paymentId: first.paymentId,
      reason: 'last month',
      idempotencyKey: 'a',
    })
    expect(await t.drain()).toEqual([])
    expect(await licenseOf(ada)).toMatchObject({ status: 'active' })
    expect(await subscriptionOf(ada)).toMatchObject({ status: 'active' })
    const [present] = (await ada.forge.payments.list()).items
    await admin.forge.payments.refund({
      paymentId: present?.id ?? '',
      reason: 'this month',
      idempotencyKey: 'b',
    })
    expect(await t.drain()).toEqual([])
    expect(await licenseOf(ada)).toMatchObject({ status: 'revoked' })
    expect(await subscriptionOf(ada)).toMatchObject({ status: 'canceled' })
  })
})

test('the billing page is opened for the customer of the account', async () => {
  await using t = await createTestApp()
  const ada = await signUp(t)
  const [one, two] = await Promise.all([
    ada.forge.payments.createPortal({ returnUrl: 'https://app.example/account' }),
    ada.forge.payments.createPortal({ returnUrl: 'devforge://account' }),
  ])
  expect(one.url).toMatch(/^http/)
  expect(two.url).toMatch(/^http/)
  expect((await t.deps.stripe?.customers.list())?.data).toHaveLength(1)
  expect(await failure(ada.forge.payments.createPortal({ returnUrl: 'javascript:alert(1)' }))).toBe(
    'INVALID_INPUT',
  )
})
