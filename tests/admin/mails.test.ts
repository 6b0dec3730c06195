import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { signUp } from '../support/people.ts'

test('a mail that was given up is seen, tried again, and sent', async () => {
  await using t = await createTestApp()
  const admin = await signUp(t, { role: 'admin' })
  const ada = await signUp(t)
  expect(await t.drain()).toEqual([])
  const { sql } = t.deps
  await ada.forge.licenses.startTrial({ fingerprint: 'machine-of-ada' })
  const { license } = await admin.forge.licenses.issue({ userId: ada.id, plan: 'pro', reason: 'a gift' })
  const [row] =
    await sql`select id, sealed from outbox where dedupe_key = ${`mail:license-issued:${license.id}`}`
  const id = String(row?.id)
  await sql`update outbox set attempts = 50, last_error = 'no such host; Bearer abcdefghijklmnop' where id = ${id}`
  await sql`delete from pgboss.job`
  expect(await admin.forge.admin.mails()).toEqual({
    items: [
      {
        id,
        to: ada.email,
        template: 'license-issued',
        state: 'given_up',
        attempts: 50,
        lastError: 'no such host; [redacted]',
        createdAt: expect.any(Date),
        updatedAt: expect.any(Date),
      },
    ],
    nextCursor: null,
  })
  expect((await admin.forge.admin.mails({ state: 'waiting' })).items).toEqual([])

  const answers = await Promise.all([1, 2, 3].map(() => admin.forge.admin.retryMail({ id })))
  expect(answers[0]).toMatchObject({ id, state: 'waiting', attempts: 0 })
  expect(await t.drain()).toEqual([])
  const mails = (await t.mails(ada.email)).filter(({ text }) => text.includes('DF-'))
  expect(mails).toHaveLength(1)
  expect((await admin.forge.admin.mails()).items).toEqual([])
  expect(await failure(admin.forge.admin.retryMail({ id }))).toBe('NOT_FOUND')
  expect(await failure(admin.forge.admin.retryMail({ id: 'obx_none' }))).toBe('NOT_FOUND')
  const { items } = await admin.forge.admin.audit({ subject: id })
  expect(items).toHaveLength(3)
  expect(items.at(-1)).toMatchObject({
    action: 'mail.retried',
    before: { attempts: 50 },
    actor: `admin:${admin.id}`,
  })
  expect(JSON.stringify(items)).not.toContain(ada.email)

  for (const forge of [ada.forge, (await signUp(t, { role: 'agent' })).forge]) {
    expect(await failure(forge.admin.mails())).toBe('FORBIDDEN')
    expect(await failure(forge.admin.retryMail({ id }))).toBe('FORBIDDEN')
  }
})

test('one that is being sent just now is not taken away from whoever sends it', async () => {
  await using t = await createTestApp()
  const admin = await signUp(t, { role: 'admin' })
  await t.drain()
  const at = t.clock.now().toISOString()
  await t.deps.sql`insert into outbox (id, kind, dedupe_key, payload, attempts, last_error, updated_at)
    values ('obx_busy', 'mail', 'busy', '{}', 50, null, ${at})`
  await admin.forge.admin.retryMail({ id: 'obx_busy' })
  const [row] = await t.deps.sql`select attempts from outbox where id = 'obx_busy'`
  expect(row?.attempts).toBe(50)
})

test('many are read in pages, newest first', async () => {
  await using t = await createTestApp()
  const admin = await signUp(t, { role: 'admin' })
  await t.deps.sql`insert into outbox (id, kind, dedupe_key, payload, attempts, created_at)
    select 'obx_' || n, 'mail', n::text, '{}', 50, now() - (n / 2) * interval '1 minute' from generate_series(0, 6) n`
  const seen: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await admin.forge.admin.mails({ limit: 2, ...(cursor ? { cursor } : {}) })
    seen.push(...page.items.map(({ id }) => id))
    if (page.nextCursor === null) break
    cursor = page.nextCursor
  }
  expect(seen).toEqual(['obx_1', 'obx_0', 'obx_3', 'obx_2', 'obx_5', 'obx_4', 'obx_6'])
})
