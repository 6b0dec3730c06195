import { afterAll, beforeAll, expect, test } from 'vitest'
import { mailedToken } from '../auth/support.ts'
import { pay, start } from '../payments/support.ts'
import { createTestApp, type TestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'

// Accounts that money hangs on, through the Stripe sandbox.

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

const subscriptionOf = async (userId: string) => {
  const [row] = await t.deps.sql`
    select id, status, stripe_subscription_id as "stripeId" from subscriptions where user_id = ${userId}`
  return row as { id: string; status: string; stripeId: string } | undefined
}

test('deleting the account ends the subscription at Stripe, and nothing is billed again', async () => {
  const person = await signUp(t)
  await pay(t, await start(t, person, { plan: 'pro-monthly' }))
  expect(await t.drain()).toEqual([])
  const before = await subscriptionOf(person.id)
  expect(before?.status).toMatch(/active|trialing/)
  await person.forge.users.deleteAccount({ password: person.password })
  expect(await t.drain()).toEqual([])
  expect((await subscriptionOf(person.id))?.status).toBe('canceled')
  const atStripe = await t.deps.stripe?.subscriptions.retrieve(before?.stripeId ?? '')
  expect(atStripe?.status).toBe('canceled')
  const licenses = await t.deps.sql`select status from licenses where user_id = ${person.id}`
  expect(licenses.map((row) => row.status)).toEqual(['revoked'])
})

test('what a shadow account bought goes on in the account that it is joined into', async () => {
  const owner = await signUp(t, { email: 'buyer@example.com' })
  await owner.forge.auth.verifyEmail({ token: await mailedToken(t, owner.email, 'verify-email') })
  const again = await signUp(t, { email: owner.email })
  const token = await mailedToken(t, owner.email, 'verify-email')
  await pay(t, await start(t, again, { plan: 'pro-monthly' }))
  expect(await t.drain()).toEqual([])
  expect(await t.forge().auth.verifyEmail({ token })).toEqual({ ok: true, joined: true })

  const { items } = await owner.forge.payments.subscriptions()
  expect(items).toMatchObject([{ id: (await subscriptionOf(owner.id))?.id }])
  expect((await owner.forge.licenses.list()).items).toHaveLength(1)
  // Stripe still calls the customer as it always did: its next words reach the right account.
  await owner.forge.payments.cancelSubscription({ id: items[0]?.id ?? '', atPeriodEnd: false })
  expect(await t.drain()).toEqual([])
  expect((await subscriptionOf(owner.id))?.status).toBe('canceled')
  expect(await subscriptionOf(again.id)).toBeUndefined()
})
