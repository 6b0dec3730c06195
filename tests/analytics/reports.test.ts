import { afterAll, beforeAll, expect, test } from 'vitest'
import { buyExtension, sellingShop } from '../marketplace/sales-support.ts'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { fingerprint, licensed } from '../support/licenses.ts'
import { openMarketplace } from '../support/marketplace.ts'
import { buy } from '../support/payments.ts'
import { signUp } from '../support/people.ts'
import { DAY, dayFromNow, event, newClient, runJob, today } from './support.ts'

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(() => t[Symbol.asyncDispose]())

const admins = () => signUp(t, { role: 'admin' })

test('licenses: what happened, how they stand, and what came of trials', async () => {
  await using own = await createTestApp()
  const admin = await signUp(own, { role: 'admin' })
  const [ada, bob, cy] = [await signUp(own), await signUp(own), await signUp(own)]
  await ada.forge.licenses.startTrial({ fingerprint: fingerprint() })
  await bob.forge.licenses.startTrial({ fingerprint: fingerprint() })
  await buy(own, ada, { plan: 'pro' })
  const { key, licenseId } = await licensed(own, { owner: cy, admin })
  const machine = fingerprint()
  await own.forge().licenses.activate({ key, fingerprint: machine })
  await own.forge().licenses.activate({ key, fingerprint: fingerprint() })
  await own.forge().licenses.deactivate({ key, fingerprint: machine })
  const gift = await licensed(own, { owner: cy, admin, plan: 'pro' })
  await admin.forge.licenses.revoke({ licenseId: gift.licenseId, reason: 'a mistake' })
  await runJob(own, 'analytics.rollUp')
  await Promise.all([runJob(own, 'analytics.rollUp'), runJob(own, 'analytics.rollUp')])
  const range = today(own)
  const report = await admin.forge.analytics.licenses(range)
  const totals = {
    issued: 3,
    trials: 2,
    renewed: 0,
    expired: 0,
    revoked: 1,
    activations: 4,
    deactivations: 1,
  }
  expect(report.totals).toEqual(totals)
  expect(report.series).toEqual([{ day: range.from, ...totals }])
  expect(report.previous).toMatchObject({ from: dayFromNow(own, -1), totals: { issued: 0 } })
  expect(report.stock).toEqual([
    { plan: 'pro', status: 'active', count: 2 },
    { plan: 'pro', status: 'revoked', count: 1 },
    { plan: 'pro', status: 'trial', count: 2 },
  ])
  expect(report.stockSeries).toEqual([{ day: range.from, licenses: 4, devices: 3 }])
  expect(report.trials.current).toEqual({ started: 2, converted: 1, rate: 0.5 })
  expect(report.trials.previous.rate).toBeNull()
  expect(licenseId).not.toBe('')

  // Trials end by the clock; the job only notes it later.
  own.clock.advance(15 * DAY)
  await runJob(own, 'analytics.rollUp')
  const forge = own.forge()
  await forge.auth.signIn({ email: admin.email, password: admin.password })
  const later = await forge.analytics.licenses({ from: dayFromNow(own, -15), to: dayFromNow(own) })
  expect(later.stock).toContainEqual({ plan: 'pro', status: 'expired', count: 2 })
  expect(later.totals).toMatchObject({ issued: 3, activations: 4 })
  const { csv } = await forge.analytics.exportCsv({ report: 'licenses', ...range })
  expect(csv).toBe(
    `day,issued,trials,renewed,expired,revoked,activations,deactivations\r\n${range.from},3,2,0,0,1,4,1\r\n`,
  )
})

test('marketplace: usage, submissions by outcome, how long authors waited, what was sold', async () => {
  const { admin, publish, submit, publisher } = await openMarketplace(t)
  await submit({ name: 'held' })
  t.clock.advance(90 * 60_000)
  const [waiting] = (await admin.forge.marketplace.moderationQueue()).items
  const signedIn = t.forge()
  await signedIn.auth.signIn({ email: admin.email, password: admin.password })
  await signedIn.marketplace.reject({ submissionId: waiting?.id ?? '', reason: 'no' })
  await publish({ name: 'fine' })
  await t.deps
    .sql`insert into extension_daily (extension_id, day, version, target_platform, downloads, installs, updates, uninstalls, unique_installs)
    select id, ${dayFromNow(t)}::date, v, 'universal', 10, 4, 3, 2, 1 from extensions, unnest(array['1.0.0', '1.1.0']) v
    where identifier = ${`${publisher}.fine`}`
  const shop = await sellingShop(t, 1_999)
  await buyExtension(t, await signUp(t), shop.id)
  await runJob(t, 'analytics.rollUp')
  const range = { from: dayFromNow(t, -1), to: dayFromNow(t) }
  const report = await signedIn.analytics.marketplace(range)
  expect(report.totals).toMatchObject({
    downloads: 20,
    installs: 8,
    updates: 6,
    uninstalls: 4,
    uniqueInstalls: 2,
    submitted: 2,
    held: 2,
    published: 1,
    rejected: 1,
  })
  expect(report.series.at(-1)).toMatchObject({ day: range.to, downloads: 20 })
  expect(report.reviewLatency.current.count).toBe(2)
  expect(report.reviewLatency.current.p90Minutes).toBeGreaterThan(70)
  expect(report.reviewLatency.current.medianMinutes).toBeGreaterThan(40)
  expect(report.reviewLatency.previous).toEqual({ count: 0, medianMinutes: null, p90Minutes: null })
  const [sales] = report.sales
  expect(sales).toMatchObject({ currency: 'usd', sales: 1, grossMinor: 1_999 })
  expect((sales?.taxMinor ?? 0) + (sales?.feeMinor ?? 0) + (sales?.shareMinor ?? 0)).toBe(1_999)
  expect(report.previousSales).toEqual([])
})

test('overview: people, licenses, extensions and money of a range, beside the one before', async () => {
  await using own = await createTestApp()
  const admin = await signUp(own, { role: 'admin' })
  const ada = await signUp(own)
  await buy(own, ada, { plan: 'pro' })
  await own.deps.sql`insert into users (id, name, email, created_at)
    values ('usr_before', 'B', 'b@example.com', ${new Date(own.clock.now().getTime() - DAY).toISOString()})`
  await runJob(own, 'analytics.rollUp')
  const overview = await admin.forge.analytics.overview(today(own))
  expect(overview.totals).toMatchObject({ newUsers: 2, licensesIssued: 1 })
  expect(overview.series).toMatchObject([{ newUsers: 2, licensesIssued: 1 }])
  expect(overview.previous.totals).toMatchObject({ newUsers: 1, licensesIssued: 0 })
  expect(overview.revenue).toEqual([{ currency: 'usd', netMinor: 49_900, previousNetMinor: 0 }])
})

test('a file for a spreadsheet runs nothing, and too much for one is refused', async () => {
  const admin = await admins()
  await t.forge().analytics.track({ clientId: newClient(), events: [event(t, 'editor.opened')] })
  await runJob(t, 'analytics.rollUp')
  const range = today(t)
  const usage = await admin.forge.analytics.exportCsv({ report: 'usage', ...range })
  expect(usage).toMatchObject({
    fileName: `usage-${range.from}-${range.to}.csv`,
    contentType: 'text/csv; charset=utf-8',
  })
  expect(usage.csv).toBe(`day,name,events,clients\r\n${range.from},editor.opened,1,1\r\n`)

  await t.deps.sql`insert into payments (id, user_id, status, amount_minor, currency, description, paid_at)
    values ('pay_formula', ${admin.id}, 'succeeded', 1, 'usd', '=HYPERLINK("http://evil.example")', ${t.clock.now().toISOString()})`
  const { csv } = await admin.forge.analytics.exportCsv({ report: 'payments', ...range })
  expect(csv).toContain(`"'=HYPERLINK(""http://evil.example"")"`)

  await t.deps.sql`insert into analytics_event_days (day, name, property, value, events, clients)
    select ${range.from}::date, 'many.n' || n, '', '', 1, 1 from generate_series(1, 100001) n`
  await expect(admin.forge.analytics.exportCsv({ report: 'usage', ...range })).rejects.toMatchObject({
    code: 'EXPORT_TOO_LARGE',
    details: { limitRows: 100_000 },
  })
})

test('ranges: in order, days that exist, at most 400 of them', async () => {
  const { forge } = await admins()
  for (const range of [
    { from: '2026-02-02', to: '2026-02-01' },
    { from: '2026-02-30', to: '2026-03-01' },
    { from: '2024-01-01', to: '2026-01-01' },
    { from: '', to: '2026-01-01' },
    { from: '2026-01-01', to: '2026-01-01', userId: 'usr_1' },
  ]) {
    expect(await failure(forge.analytics.revenue(range))).toBe('INVALID_INPUT')
  }
  const { currencies, subscriptions } = await forge.analytics.revenue({
    from: '2025-01-01',
    to: '2026-02-04',
  })
  expect(subscriptions.series).toHaveLength(400)
  expect(currencies.every(({ series }) => series.length === 400)).toBe(true)
})

test('only for admins', async () => {
  const [customer, agent] = [await signUp(t), await signUp(t, { role: 'agent' })]
  const { token } = await customer.forge.auth.createApiToken({ name: 'ci', scopes: ['read'] })
  const range = today(t)
  const calls = (forge: typeof customer.forge) => [
    forge.analytics.overview(range),
    forge.analytics.revenue(range),
    forge.analytics.licenses(range),
    forge.analytics.marketplace(range),
    forge.analytics.support(range),
    forge.analytics.exportCsv({ report: 'payments', ...range }),
  ]
  for (const { forge } of [customer, agent]) {
    for (const call of calls(forge)) expect(await failure(call)).toBe('FORBIDDEN')
  }
  for (const call of calls(t.forge())) expect(await failure(call)).toBe('AUTH_REQUIRED')
  for (const call of calls(t.forge({ apiToken: token }))) {
    expect(['FORBIDDEN', 'AUTH_REQUIRED']).toContain(await failure(call))
  }
})
