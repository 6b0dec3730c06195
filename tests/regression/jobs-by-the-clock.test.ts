import { jobDefinitions } from '@devforge/server/jobs/registry'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'

// Jobs that the clock sends have no data. The sweeps read theirs, and failed every minute; only a start swept.

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(() => t[Symbol.asyncDispose]())

const byTheClock = jobDefinitions.filter((job) => job.cron !== undefined)

test.each(byTheClock.map(({ name }) => name))('%s runs with what the clock sends', async (name) => {
  await t.deps.jobs.boss.send(name)
  expect(await t.drain()).toEqual([])
})
