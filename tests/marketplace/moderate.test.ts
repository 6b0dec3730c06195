import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Marketplace, openMarketplace } from '../support/marketplace.ts'
import { signUp } from '../support/people.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

describe('moderating', () => {
  let t: TestApp
  let m: Marketplace
  let base: Uint8Array<ArrayBuffer>
  beforeAll(async () => {
    t = await createTestApp()
    m = await openMarketplace(t)
    base = await packVsix({ publisher: m.publisher })
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const market = () => m.author.forge.marketplace
  const status = async (id: string) => (await market().submission({ id })).status

  it('shows what waits with findings and publisher, rejects with a reason, takes an appeal, and answers it', async () => {
    const { id } = await m.submit({ name: 'held' })
    const queue = await m.admin.forge.marketplace.moderationQueue({})
    expect(queue.items.find((item) => item.id === id)).toMatchObject({
      submittedBy: m.author.id,
      publisher: { name: m.publisher, verified: false },
      installs: 0,
      appeal: null,
    })
    expect(await failure(market().appeal({ id, text: 'Too early.' }))).toBe('APPEAL_NOT_POSSIBLE')

    const reason = 'The readme promises what it does not do.'
    expect(await m.admin.forge.marketplace.reject({ submissionId: id, reason })).toMatchObject({
      status: 'rejected',
      reason,
    })
    await t.drain()
    expect((await t.mails(m.author.email)).at(-1)?.text).toContain(reason)
    expect(await failure(m.admin.forge.marketplace.reject({ submissionId: id, reason }))).toBe(
      'SUBMISSION_NOT_PENDING',
    )
    expect(await failure(m.admin.forge.marketplace.approve({ submissionId: id }))).toBe(
      'SUBMISSION_NOT_PENDING',
    )

    await market().appeal({ id, text: 'It does,\nsee the tests.' })
    expect(await failure(market().appeal({ id, text: 'Once more.' }))).toBe('APPEAL_EXISTS')
    const appealed = await m.admin.forge.marketplace.moderationQueue({ which: 'appealed' })
    expect(appealed.items).toMatchObject([
      { id, appeal: { text: 'It does,\nsee the tests.', userId: m.author.id } },
    ])

    // Declined, and appealed again; then granted.
    await m.admin.forge.marketplace.reject({ submissionId: id, reason: 'They do not run.' })
    await t.drain()
    const told = (await t.mails(m.author.email)).filter(({ text }) => text.includes('They do not run.'))
    expect(told.length).toBeGreaterThan(0)
    await market().appeal({ id, text: 'Now they run.' })
    await m.admin.forge.marketplace.approve({ submissionId: id, reason: 'So they do.' })
    await t.drain()
    expect(await status(id)).toBe('published')
    const appeals = await t.deps
      .sql`select status, answer, decided_by from appeals where submission_id = ${id} order by id`
    expect([...appeals]).toEqual([
      { status: 'declined', answer: 'They do not run.', decided_by: m.admin.id },
      { status: 'granted', answer: 'So they do.', decided_by: m.admin.id },
    ])
    const audit = await t.deps.sql`select action from audit_log where subject = ${id} order by id`
    expect(audit.map((row) => row.action)).toEqual([
      'submission.rejected',
      'submission.rejected',
      'submission.approved',
    ])
  })

  it('cannot bring back a rejected package whose version was published meanwhile', async () => {
    await market().submit(variantOf(base, { name: 'again' }))
    await t.drain()
    const risky = { name: 'again', version: '2.0.0', manifest: { activationEvents: ['*'] } }
    const { id } = await market().submit(variantOf(base, risky))
    await t.drain()
    await m.admin.forge.marketplace.reject({ submissionId: id, reason: 'Why at every start?' })
    await market().appeal({ id, text: 'Because.' })
    const second = await market().submit(variantOf(base, { name: 'again', version: '2.0.0' }))
    await t.drain()
    expect(await status(second.id)).toBe('published')
    expect(await failure(m.admin.forge.marketplace.approve({ submissionId: id }))).toBe('VERSION_EXISTS')
  })

  it('two moderators who decide at once: one does', async () => {
    const other = await openMarketplace(t)
    const { id } = await other.submit()
    const both = await Promise.allSettled([
      m.admin.forge.marketplace.approve({ submissionId: id }),
      other.admin.forge.marketplace.reject({ submissionId: id, reason: 'No.' }),
    ])
    expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected'])
    await t.drain()
    const end = (await other.author.forge.marketplace.submission({ id })).status
    expect(end).toBe(both[0].status === 'fulfilled' ? 'published' : 'rejected')
  })

  it('is for admins alone', async () => {
    const agent = await signUp(t, { role: 'agent' })
    expect(await failure(agent.forge.marketplace.moderationQueue({}))).toBe('FORBIDDEN')
    expect(await failure(m.author.forge.marketplace.approve({ submissionId: 'smn_x' }))).toBe('FORBIDDEN')
    expect(await failure(m.admin.forge.marketplace.approve({ submissionId: 'smn_x' }))).toBe('NOT_FOUND')
  })
})
