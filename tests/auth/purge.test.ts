import { drainJobs } from '@devforge/server/jobs/worker'
import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'

test('what has ended is removed: sessions, tokens of mails, requests of devices', async () => {
  await using t = await createTestApp()
  const old = await signUp(t)
  await t.forge().auth.startDevice()
  t.clock.advance(31 * 86_400_000)
  const young = await signUp(t)
  await t.forge().auth.startDevice()
  await t.deps.jobs.enqueue(t.deps.db, 'auth.purge', {})
  expect((await drainJobs(t.deps)).errors).toEqual([])
  const rows = await t.deps.sql`
    select (select array_agg(user_id) from sessions) as sessions, (select count(*)::int from verifications) as proofs,
      (select count(*)::int from device_codes) as devices`
  expect(rows[0]).toEqual({ sessions: [young.id], proofs: 1, devices: 1 })
  expect(old.id).not.toBe(young.id)
})
