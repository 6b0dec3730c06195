import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'

test('what was done is found by who, to what, which deed and when, page by page', async () => {
  await using t = await createTestApp()
  const [admin, other] = [await signUp(t, { role: 'admin' }), await signUp(t, { role: 'admin' })]
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute))
  for (let n = 0; n < 6; n++) {
    await t.deps.sql`insert into audit_log (id, actor, action, subject, at)
      values (${`aud_${n}`}, ${n % 2 ? `admin:${admin.id}` : `admin:${other.id}:as:${admin.id}`}, ${n < 3 ? 'a.one' : 'a.two'}, 'sub_1', ${at(n).toISOString()})`
  }
  const find = async (input: Parameters<typeof admin.forge.admin.audit>[0]) =>
    (await admin.forge.admin.audit(input)).items.map(({ id }) => id)
  expect(await find({ subject: 'sub_1' })).toEqual(['aud_5', 'aud_4', 'aud_3', 'aud_2', 'aud_1', 'aud_0'])
  expect(await find({ actor: other.id })).toEqual(['aud_4', 'aud_2', 'aud_0'])
  expect(await find({ actor: admin.id, action: 'a.two' })).toEqual(['aud_5', 'aud_4', 'aud_3'])
  expect(await find({ subject: 'sub_1', from: at(2), until: at(4) })).toEqual(['aud_3', 'aud_2'])
  expect(await find({ subject: 'sub_none' })).toEqual([])
  const seen: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await admin.forge.admin.audit({ subject: 'sub_1', limit: 4, ...(cursor ? { cursor } : {}) })
    seen.push(...page.items.map(({ id }) => id))
    if (page.nextCursor === null) break
    cursor = page.nextCursor
  }
  expect(seen).toEqual(['aud_5', 'aud_4', 'aud_3', 'aud_2', 'aud_1', 'aud_0'])
})
