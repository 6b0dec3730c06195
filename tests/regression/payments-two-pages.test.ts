import { expect, test } from 'vitest'
import { pay, RETURN_URLS } from '../payments/support.ts'
import { createTestApp, type TestApp } from '../support/app.ts'
import { type Person, signUp } from '../support/people.ts'

async function open(t: TestApp, person: Person, plan: string, cancelUrl: string) {
  const { id, url } = await person.forge.payments.createCheckout({
    item: { plan },
    ...RETURN_URLS,
    cancelUrl,
  })
  const [row] = await t.deps.sql`select stripe_session_id from checkouts where id = ${id}`
  return { id, url, sessionId: String(row?.stripe_session_id) }
}

/** Two windows whose requests differed had a page each, both could be paid, and both gave a license. */
test.each(['pro', 'pro-monthly'])(
  '%s on two pages, both paid at once: one is given, the other goes back',
  async (plan) => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const pages = [
      await open(t, ada, plan, 'https://a.example/1'),
      await open(t, ada, plan, 'https://a.example/2'),
    ]
    expect(pages[0]?.id).not.toBe(pages[1]?.id)
    await Promise.all(pages.map((page) => pay(t, page)))
    expect(await t.drain()).toEqual([])
    const usable = await t.deps.sql`select id from licenses where user_id = ${ada.id} and status = 'active'`
    expect(usable).toHaveLength(1)
    const payments = await t.deps.sql`select status, license_id is not null as given from payments
    where user_id = ${ada.id} order by status`
    expect(payments).toEqual([
      { status: 'succeeded', given: true },
      { status: 'refunded', given: false },
    ])
    const why = await t.deps.sql`select reason from payment_events where type = 'payment.unfulfilled'`
    expect(why).toEqual([{ reason: 'already_owned' }])
    if (plan === 'pro-monthly') {
      const subscriptions = await t.deps
        .sql`select status from subscriptions where user_id = ${ada.id} order by status`
      expect(subscriptions).toEqual([{ status: 'active' }, { status: 'canceled' }])
    }
  },
)
