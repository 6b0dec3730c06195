/**
 * The main job on real input, through the built SDK over HTTP: `pnpm demo:money`.
 * Everything is real but Stripe's HTTP, for which the sandbox stands in: PostgreSQL, ports, signed webhooks, the worker, the mails.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '@devforge/db/embedded'
import { DAY } from '@devforge/server/clock'
import { createLog } from '@devforge/server/log'
import { startMoneyServer } from './server.ts'
import { check, closing, section, show, step, until } from './tell.ts'

// The built package, as the editor gets it: `pnpm demo:money` builds it first.
const sdk: typeof import('@devforge/sdk') = await import(
  new URL('../../sdk/dist/index.js', import.meta.url).href
)
const offline: typeof import('@devforge/sdk/offline') = await import(
  new URL('../../sdk/dist/offline.js', import.meta.url).href
)

const folder = await mkdtemp(join(tmpdir(), 'devforge-demo-'))
const postgres = await startEmbedded({ dir: join(folder, 'postgres'), port: 0, durable: false })
const world = await startMoneyServer({ databaseUrl: postgres.url, folder, log: createLog('silent') })

/** Posts the hosted page's form, as a person's browser would. */
async function pay(url: string, card: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ card, email: 'ada@example.com' }),
    redirect: 'manual',
  })
  show('hosted page', `card ${card} → ${response.status} ${response.headers.get('location') ?? ''}`)
}

try {
  const urls = {
    successUrl: 'https://app.example/thanks?session={CHECKOUT_SESSION_ID}',
    cancelUrl: 'https://app.example/plans',
  }
  const forge = sdk.createDevForge({ url: world.url })
  const admin = sdk.createDevForge({ url: world.url })

  section('One license, from sign-up to refund')
  step('Sign up')
  const { user } = await forge.auth.signUp({
    email: 'ada@example.com',
    password: 'a long enough password',
    name: 'Ada Lovelace',
  })
  show('account', `${user.email} (${user.id})`)
  const { user: boss } = await admin.auth.signUp({
    email: 'admin@example.com',
    password: 'another long password',
    name: 'Grace Hopper',
  })
  await world.makeAdmin(boss.id)

  step('Create a checkout for Pro')
  const { items: plans } = await forge.payments.plans()
  show(
    'plans',
    plans.map((plan) => `${plan.slug} ${(plan.amountMinor / 100).toFixed(2)} ${plan.currency}`).join(', '),
  )
  const checkout = await forge.payments.createCheckout({ item: { plan: 'pro' }, ...urls })
  show('checkout', `${checkout.id}, to be paid at ${checkout.url}`)

  step('Pay on the hosted page: first with a card that is declined, then with 4242…')
  await pay(checkout.url, '4000000000000002')
  check(
    (await forge.payments.checkout({ id: checkout.id })).status === 'open',
    'a declined card buys nothing',
  )
  await pay(checkout.url, '4242424242424242')
  const bought = await until('the signed webhook is processed', async () => {
    const state = await forge.payments.checkout({ id: checkout.id })
    return state.status === 'complete' ? state : null
  })
  const { licenseId, licenseKey, paymentId } = bought
  if (!licenseId || !licenseKey || !paymentId) throw new Error('the checkout is complete without a license')
  show('license', `${licenseId}, key ${licenseKey.slice(0, 8)}-…-${licenseKey.slice(-5)}`)
  const mail = await until(
    'the mail with the key arrives',
    async () => (await world.mails('ada@example.com')).find((sent) => sent.text.includes(licenseKey)) ?? null,
  )
  show('mail', mail.subject)

  step('Activate on this device')
  let nowMs = Date.now()
  const editor = new offline.LicenseManager({
    forge,
    storage: offline.memoryLicenseStorage(),
    fingerprint: 'demo-machine-0001',
    now: () => nowMs,
  })
  await editor.load()
  const active = await editor.activate(licenseKey, { deviceName: 'Demo laptop' })
  show(
    'editor',
    `${active.state}, plan ${active.plan}, lease until ${active.expiresAt?.toISOString().slice(0, 10)}`,
  )
  check(active.has('remote-models'), 'the paid features are there')

  step('Stop the server; the lease verifies offline')
  await world.stopServer()
  await editor.load()
  check(editor.check().state === 'valid', 'valid with the server stopped')
  const unreachable = await editor.sync({ force: true })
  check(
    unreachable.error !== null && unreachable.status.state === 'valid',
    'a sync without a server changes nothing and throws nothing',
  )
  nowMs += 10 * DAY
  check(editor.check().state === 'valid', 'ten days later, still offline: valid')

  step('Set the clock back')
  nowMs -= 5 * DAY
  check(editor.check().state === 'tampered', 'tampered: an earlier clock does not make a lease last longer')
  nowMs += 5 * DAY
  check(editor.check().state === 'valid', 'the clock is right again: valid')
  nowMs = Date.now()

  step('Start the server; the admin refunds')
  await world.startServer()
  const refund = await admin.payments.refund({
    paymentId,
    reason: 'customer asked',
    idempotencyKey: 'demo-refund-0001',
  })
  show('refund', `${JSON.stringify(refund).slice(0, 120)}…`)
  await until('the license is revoked', async () =>
    (await forge.licenses.get({ id: licenseId })).status === 'revoked' ? true : null,
  )
  const after = await editor.sync({ force: true })
  check(
    after.status.state === 'revoked' && after.status.plan === 'free',
    'the next sync makes the editor free again',
  )
  show(
    'history',
    (await forge.licenses.events({ licenseId })).items
      .map((event) => event.type)
      .reverse()
      .join(' → '),
  )
  show(
    'payment',
    (await forge.payments.get({ id: paymentId })).timeline.map((entry) => entry.type).join(' → '),
  )

  section('A subscription, month by month')
  const eve = sdk.createDevForge({ url: world.url })
  const credentials = { email: 'eve@example.com', password: 'yet another password' }
  await eve.auth.signUp({ ...credentials, name: 'Eve Mayer' })
  /** A month is longer than a session lives unused: a person would sign in again. */
  const passDays = async (days: number) => {
    await world.passDays(days)
    await eve.auth.signIn(credentials)
  }
  const license = async () => {
    const found = (await eve.licenses.list()).items.find((item) => item.plan === 'pro-monthly')
    if (!found) throw new Error('no license of the subscription')
    return found
  }
  const becomes = (status: string) =>
    until(`the license is ${status}`, async () => ((await license()).status === status ? license() : null))

  step('A trial without a card')
  const trial = await eve.licenses.startTrial({ fingerprint: 'demo-machine-0002' })
  show('trial', `${trial.license.plan} until ${trial.license.expiresAt?.toISOString().slice(0, 10)}`)

  step('Buy Pro monthly')
  const monthly = await eve.payments.createCheckout({ item: { plan: 'pro-monthly' }, ...urls })
  await pay(monthly.url, '4242424242424242')
  await until('the subscription has its license', async () =>
    (await eve.payments.checkout({ id: monthly.id })).status === 'complete' ? true : null,
  )
  const first = await license()
  show('license', `${first.status} until ${first.expiresAt?.toISOString().slice(0, 10)}`)

  step('A month passes: the renewal is paid')
  await passDays(31)
  const renewed = await until('the period moves', async () => {
    const now = await license()
    return now.expiresAt && first.expiresAt && now.expiresAt > first.expiresAt ? now : null
  })
  show('license', `${renewed.status} until ${renewed.expiresAt?.toISOString().slice(0, 10)}`)
  show(
    'invoices',
    (await eve.payments.invoices()).items.map((invoice) => `${invoice.number} ${invoice.status}`).join(', '),
  )

  step('The card expires: the next renewal fails')
  await world.replaceCard('eve@example.com', 'pm_card_chargeCustomerFail')
  await passDays(31)
  await becomes('past_due')
  check((await eve.licenses.validate({ key: trial.key })).valid === false, 'the trial is long over')
  show('license', 'past due: everything works for seven days more')

  step('A new card: recovered')
  await world.replaceCard('eve@example.com', 'pm_card_visa')
  await passDays(4)
  await becomes('active')

  step('Cancel at the end of the period')
  const { items: subscriptions } = await eve.payments.subscriptions()
  const subscriptionId = subscriptions[0]?.id ?? ''
  await eve.payments.cancelSubscription({ id: subscriptionId, atPeriodEnd: true })
  check((await license()).status === 'active', 'paid is paid: it works to the end of the month')
  await passDays(31)
  await becomes('expired')
  closing()
} finally {
  await world.close()
  await postgres.stop()
  await rm(folder, { recursive: true, force: true })
}
