import { randomUUID } from 'node:crypto'
import type { TestApp } from '../support/app.ts'

export const DAY = 86_400_000

/** A day of UTC, as reports spell it. */
const dayOf = (date: Date): string => date.toISOString().slice(0, 10)
/** The day, some days from the server's today. */
export const dayFromNow = (t: TestApp, days = 0): string =>
  dayOf(new Date(t.clock.now().getTime() + days * DAY))

/** Today alone, as a range. */
export const today = (t: TestApp) => ({ from: dayFromNow(t), to: dayFromNow(t) })

export interface Told {
  id: string
  name: string
  at: Date
  properties: Record<string, string | number | boolean>
}

/** An event that happened just now, or `days` ago. */
export const event = (
  t: TestApp,
  name: string,
  properties: Told['properties'] = {},
  { days = 0, id = randomUUID() }: { days?: number; id?: string } = {},
): Told => ({ id, name, at: new Date(t.clock.now().getTime() - days * DAY), properties })

export const newClient = (): string => randomUUID()

/** Runs a job of analytics as the worker would. */
export async function runJob(t: TestApp, name: 'analytics.rollUp' | 'analytics.nightly'): Promise<void> {
  await t.deps.jobs.enqueue(t.deps.db, name, {})
  const errors = await t.drain()
  if (errors.length > 0) throw new AggregateError(errors, `${name} failed`)
}
