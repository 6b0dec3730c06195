import { expect } from 'vitest'
import type { TestApp } from './app.ts'
import type { Person } from './people.ts'

/** Stripe's documented test card that always succeeds. */
export const GOOD_CARD = '4242424242424242'

export interface Bought {
  checkoutId: string
  paymentId: string
  licenseId: string
  licenseKey: string
}

/** Somebody buys a plan: checkout, the hosted page, the webhook, the worker. */
export async function buy(
  t: TestApp,
  person: Person,
  item: { plan: string },
  card = GOOD_CARD,
): Promise<Bought> {
  const checkout = await person.forge.payments.createCheckout({
    item,
    successUrl: 'https://app.example/ok',
    cancelUrl: 'https://app.example/no',
  })
  await t.sandbox.pay(checkout.url, { card })
  expect(await t.drain()).toEqual([])
  const done = await person.forge.payments.checkout({ id: checkout.id })
  expect(done.status).toBe('complete')
  return {
    checkoutId: checkout.id,
    paymentId: done.paymentId ?? '',
    licenseId: done.licenseId ?? '',
    licenseKey: done.licenseKey ?? '',
  }
}
