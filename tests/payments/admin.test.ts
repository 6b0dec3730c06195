import { describe, expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { buy } from '../support/payments.ts'
import { signUp } from '../support/people.ts'
import { eventIds, pay, start } from './support.ts'

describe('plans', () => {
  test('made, sold, changed for the next buyers, taken off sale; all of it on record', async () => {
    await using t = await createTestApp()
    const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
    const team = {
      slug: 'team',
      name: 'Team',
      kind: 'subscription' as const,
      interval: 'year' as const,
      amountMinor: 120_000,
      currency: 'usd',
      maxDevices: 10,
      entitlements: ['remote-models'],
    }
    expect(await admin.forge.admin.createPlan(team)).toMatchObject({ ...team, active: true, trialDays: 0 })
    expect(await failure(admin.forge.admin.createPlan(team))).toBe('PLAN_EXISTS')
    expect(await t.drain()).toEqual([])
    const [price] =
      (await t.deps.stripe?.prices.list({ lookup_keys: ['devforge_team_usd_120000_year'] }))?.data ?? []
    expect(price).toMatchObject({ unit_amount: 120_000, recurring: { interval: 'year' } })
    const { licenseId } = await buy(t, ada, { plan: 'team' })
    expect(await ada.forge.licenses.get({ id: licenseId })).toMatchObject({
      maxDevices: 10,
      entitlements: ['remote-models'],
    })

    await admin.forge.admin.updatePlan({ slug: 'team', maxDevices: 5 })
    expect(await ada.forge.licenses.get({ id: licenseId })).toMatchObject({ maxDevices: 10 })
    await admin.forge.admin.archivePlan({ slug: 'team' })
    expect((await t.forge().payments.plans()).items.map((plan) => plan.slug)).not.toContain('team')
    expect((await admin.forge.admin.plans()).items).toContainEqual(
      expect.objectContaining({ slug: 'team', active: false }),
    )
    const audit = await t.deps
      .sql`select action, before ->> 'maxDevices' as before, after ->> 'maxDevices' as after
      from audit_log where subject = 'team' order by id`
    expect([...audit]).toEqual([
      { action: 'plan.created', before: null, after: '10' },
      { action: 'plan.updated', before: '10', after: '5' },
      { action: 'plan.updated', before: '5', after: '5' },
    ])
  })

  test('refused: nonsense, unknown ones, and callers who are no admins', async () => {
    await using t = await createTestApp()
    const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
    const plan = {
      slug: 'x',
      name: 'X',
      kind: 'perpetual' as const,
      amountMinor: 1,
      currency: 'usd',
      maxDevices: 1,
      entitlements: [],
    }
    const create = (values: object) => failure(admin.forge.admin.createPlan({ ...plan, ...values }))
    for (const bad of [
      { slug: 'With Space' },
      { amountMinor: -1 },
      { amountMinor: 1.5 },
      { currency: 'dollars' },
      { kind: 'subscription' },
      { interval: 'month' },
      { maxDevices: -1 },
      { surprise: true },
    ]) {
      expect(await create(bad)).toBe('INVALID_INPUT')
    }
    expect(await failure(admin.forge.admin.updatePlan({ slug: 'none', name: 'N' }))).toBe('PLAN_NOT_FOUND')
    expect(await failure(ada.forge.admin.createPlan(plan))).toBe('FORBIDDEN')
    expect(await failure(ada.forge.admin.updatePlan({ slug: 'pro', amountMinor: 1 }))).toBe('FORBIDDEN')
    expect(await failure(ada.forge.admin.archivePlan({ slug: 'pro' }))).toBe('FORBIDDEN')
    expect(await failure(ada.forge.admin.plans())).toBe('FORBIDDEN')
  })
})

describe('the queue', () => {
  test('shows jobs by state with the error but no data; a failed one may be tried again', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
    await pay(t, await start(t, ada))
    const [eventId = ''] = eventIds(t, 'checkout.session.completed')
    await t.sandbox.deliver(eventId)
    t.sandbox.disturb({ match: 'GET /v1/checkout/sessions/*', status: 500, times: 3 })
    await t.deps.sql`update pgboss.job set retry_limit = 0 where name = 'stripe.event'`
    expect(await t.drain()).toHaveLength(1)
    const { items } = await admin.forge.admin.jobs({ state: 'failed', name: 'stripe.event' })
    expect(items).toMatchObject([{ name: 'stripe.event', state: 'failed', subjects: [eventId] }])
    expect(items[0]?.error).toMatch(/payment provider/)
    const job = { name: 'stripe.event', id: items[0]?.id ?? '' }
    expect(await admin.forge.admin.retryJob(job)).toEqual(job)
    expect(await t.drain()).toEqual([])
    expect((await admin.forge.admin.jobs({ state: 'failed' })).items).toEqual([])
    expect((await ada.forge.licenses.list()).items).toHaveLength(1)

    expect(await failure(admin.forge.admin.retryJob(job))).toBe('NOT_FOUND')
    expect(await failure(admin.forge.admin.retryJob({ name: 'no.such.queue', id: job.id }))).toBe('NOT_FOUND')
    expect(await failure(admin.forge.admin.retryJob({ name: 'stripe.event', id: 'x' }))).toBe('NOT_FOUND')
    expect(await failure(ada.forge.admin.jobs())).toBe('FORBIDDEN')
    expect(await failure(ada.forge.admin.retryJob(job))).toBe('FORBIDDEN')
  })

  test('is read in pages', async () => {
    await using t = await createTestApp()
    const admin = await signUp(t, { role: 'admin' })
    for (let n = 0; n < 5; n++) await t.deps.jobs.enqueue(t.deps.db, 'stripe.event', { eventId: `evt_${n}` })
    const seen: string[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await admin.forge.admin.jobs({
        name: 'stripe.event',
        limit: 2,
        ...(cursor ? { cursor } : {}),
      })
      seen.push(...page.items.flatMap((item) => item.subjects))
      if (page.nextCursor === null) break
      cursor = page.nextCursor
    }
    expect(seen).toEqual(['evt_4', 'evt_3', 'evt_2', 'evt_1', 'evt_0'])
  })
})
