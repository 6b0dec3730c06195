import { DAY, HOUR, MINUTE } from '@devforge/server/clock'
import { describe, expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { buy } from '../support/payments.ts'
import { signUp } from '../support/people.ts'
import { start, stripeDown } from './support.ts'

describe('the key of a new license', () => {
  test('is shown to its buyer for one hour, then emptied; nobody else ever sees it', async () => {
    await using t = await createTestApp()
    const [ada, bob] = [await signUp(t), await signUp(t)]
    const { checkoutId, licenseKey, licenseId } = await buy(t, ada, { plan: 'pro' })
    expect(licenseKey).toMatch(/^DF(-[0-9A-HJKMNP-TV-Z]{5}){5}$/)
    expect((await ada.forge.licenses.validate({ key: licenseKey })).license?.id).toBe(licenseId)
    expect(await failure(bob.forge.payments.checkout({ id: checkoutId }))).toBe('NOT_FOUND')
    expect(await failure(ada.forge.payments.checkout({ id: 'chk_none' }))).toBe('NOT_FOUND')

    // At rest it is sealed, and bound to its row.
    const other = await start(t, bob)
    const dump =
      JSON.stringify(await t.deps.sql`select * from checkouts`) +
      JSON.stringify(await t.deps.sql`select * from outbox`)
    expect(dump).not.toContain(licenseKey)
    await t.deps
      .sql`update checkouts set sealed_license_key = (select sealed_license_key from checkouts where id = ${checkoutId}),
      fulfilled_at = now() where id = ${other.id}`
    expect(await failure(bob.forge.payments.checkout({ id: other.id }))).toBe('INTERNAL')

    t.clock.advance(HOUR - MINUTE)
    expect((await ada.forge.payments.checkout({ id: checkoutId })).licenseKey).toBe(licenseKey)
    t.clock.advance(2 * MINUTE)
    expect(await ada.forge.payments.checkout({ id: checkoutId })).toMatchObject({
      status: 'complete',
      licenseKey: null,
      licenseId,
    })
    await t.deps.jobs.enqueue(t.deps.db, 'payments.sweep', {})
    expect(await t.drain()).toEqual([])
    const [row] = await t.deps.sql`select sealed_license_key from checkouts where id = ${checkoutId}`
    expect(row?.sealed_license_key).toBeNull()
  })
})

describe('while the purchase is pending', () => {
  test('Stripe away does not matter: what we know is answered', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const started = await start(t, ada)
    stripeDown(t)
    t.clock.advance(10_000)
    expect(await ada.forge.payments.checkout({ id: started.id })).toMatchObject({
      status: 'open',
      url: started.url,
    })
  })

  test('polling asks Stripe every other second at most', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const started = await start(t, ada)
    t.clock.advance(3_000)
    const before = t.sandbox.events().length
    const sessionOf = async () => {
      const [row] = await t.deps.sql`select updated_at from checkouts where id = ${started.id}`
      return String(row?.updated_at)
    }
    await ada.forge.payments.checkout({ id: started.id })
    const asked = await sessionOf()
    for (let n = 0; n < 5; n++) await ada.forge.payments.checkout({ id: started.id })
    expect(await sessionOf()).toBe(asked)
    expect(t.sandbox.events()).toHaveLength(before)
  })

  test('an expired one says so', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    const started = await start(t, ada)
    t.clock.advance(2 * DAY)
    const forge = t.forge()
    await forge.auth.signIn({ email: ada.email, password: ada.password })
    expect(await forge.payments.checkout({ id: started.id })).toMatchObject({
      status: 'expired',
      url: null,
      paymentId: null,
    })
  })
})

describe('history', () => {
  test('newest first, in pages, one’s own only', async () => {
    await using t = await createTestApp()
    const [ada, bob] = [await signUp(t), await signUp(t)]
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.unshift((await buy(t, ada, { plan: 'enterprise' })).paymentId)
    const first = await ada.forge.payments.list({ limit: 2 })
    const second = await ada.forge.payments.list({ limit: 2, cursor: first.nextCursor ?? '' })
    expect([...first.items, ...second.items].map((item) => item.id)).toEqual(ids)
    expect(second.nextCursor).toBeNull()
    expect(first.items[0]).toMatchObject({
      description: 'Dev Forge Enterprise',
      amountMinor: 199_900,
      refundedMinor: 0,
      currency: 'usd',
      receiptUrl: expect.stringMatching(/^http/),
      refunds: [],
      timeline: [{ type: 'payment.succeeded', status: 'succeeded', amountMinor: 199_900 }],
    })
    expect((await bob.forge.payments.list()).items).toEqual([])
    expect(await failure(bob.forge.payments.get({ id: ids[0] ?? '' }))).toBe('NOT_FOUND')
    expect((await bob.forge.payments.invoices()).items).toEqual([])
    expect(await failure(t.forge().payments.list())).toBe('AUTH_REQUIRED')
  })

  test('what was bought once has an invoice too, paid, with its page and its PDF', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const { paymentId } = await buy(t, ada, { plan: 'enterprise' })
    expect((await ada.forge.payments.invoices()).items).toMatchObject([
      {
        status: 'paid',
        amountPaidMinor: 199_900,
        currency: 'usd',
        paymentId,
        subscriptionId: null,
        number: expect.any(String),
        hostedUrl: expect.stringMatching(/^http/),
        pdfUrl: expect.stringMatching(/^http/),
      },
    ])
    expect((await ada.forge.payments.list()).items).toHaveLength(1)
  })

  test('what is on sale needs no account', async () => {
    await using t = await createTestApp()
    const { items } = await t.forge().payments.plans()
    expect(items.map((plan) => [plan.slug, plan.kind, plan.amountMinor, plan.interval])).toEqual([
      ['free', 'perpetual', 0, null],
      ['pro', 'perpetual', 49_900, null],
      ['pro-monthly', 'subscription', 1_900, 'month'],
      ['enterprise', 'perpetual', 199_900, null],
    ])
  })
})
