import { addMs, DAY } from '../../clock.ts'
import type { Ctx } from '../../context.ts'
import { defineJob } from '../../jobs/types.ts'
import { knownMails, queueMail } from '../../mail/outbox.ts'
import { licensesEnding, licensesToExpire } from './queries/licenses.ts'
import { expireByClock } from './service/follow.ts'
import { PAST_DUE_GRACE_DAYS } from './state.ts'

/** Days before the end on which the owner is reminded. */
const REMINDER_DAYS = [1, 7, 30]
const BATCH = 200

/** Runs `work` for each; one that fails is logged and does not keep the others from their turn. */
async function forEach<T extends { id: string }>(
  ctx: Ctx,
  rows: T[],
  work: (row: T) => Promise<void>,
): Promise<void> {
  for (const row of rows) {
    await work(row).catch((error: unknown) =>
      ctx.log.error({ err: error, licenseId: row.id }, 'license left out'),
    )
  }
}

/** Moves statuses that the clock has overtaken. What one run leaves the next takes, every five minutes. */
async function expireDue(ctx: Ctx): Promise<void> {
  const now = ctx.deps.clock.now()
  const ids = await licensesToExpire(ctx.db, {
    now,
    pastDueBefore: addMs(now, -PAST_DUE_GRACE_DAYS * DAY),
    limit: BATCH,
  })
  await forEach(
    ctx,
    ids.map((id) => ({ id })),
    ({ id }) => expireByClock(ctx, id),
  )
}

type Ending = Awaited<ReturnType<typeof licensesEnding>>[number]
interface Reminder {
  id: string
  license: Ending
  dedupeKey: string
  what: 'license' | 'updates' | 'trial'
  daysLeft: number
}

/** One mail per license, end and reminder: a renewal moves the end and so earns new reminders; a run missed is caught up. */
function remindersOf(license: Ending, now: Date): Reminder[] {
  const ends: [Reminder['what'], Date | null][] = [
    [license.status === 'trial' ? 'trial' : 'license', license.expiresAt],
    // A trial's window of updates is longer than the trial.
    ['updates', license.status === 'trial' ? null : license.updatesUntil],
  ]
  return ends.flatMap(([what, until]) => {
    if (until === null) return []
    const daysLeft = Math.ceil((until.getTime() - now.getTime()) / DAY)
    const days = REMINDER_DAYS.find((candidate) => daysLeft <= candidate)
    if (days === undefined || daysLeft <= 0) return []
    const dedupeKey = `license-expiring:${license.id}:${what}:${until.toISOString()}:${days}`
    return [{ id: license.id, license, dedupeKey, what, daysLeft }]
  })
}

async function remindAll(ctx: Ctx): Promise<void> {
  const now = ctx.deps.clock.now()
  const to = addMs(now, Math.max(...REMINDER_DAYS) * DAY)
  let after: string | undefined
  for (;;) {
    const rows = await licensesEnding(ctx.db, { from: now, to, after, limit: BATCH })
    const due = rows.flatMap((license) => remindersOf(license, now))
    const known = await knownMails(
      ctx,
      due.map(({ dedupeKey }) => dedupeKey),
    )
    await forEach(
      ctx,
      due.filter(({ dedupeKey }) => !known.has(dedupeKey)),
      ({ license, dedupeKey, what, daysLeft }) =>
        queueMail(ctx, {
          dedupeKey,
          to: license.email,
          template: 'license-expiring',
          data: { name: license.name, plan: license.plan, licenseId: license.id, days: daysLeft, what },
        }),
    )
    after = rows.at(-1)?.id
    if (rows.length < BATCH) return
  }
}

export const licenseJobs = [
  defineJob({ name: 'licenses.expire', cron: '*/5 * * * *', handler: expireDue }),
  defineJob({ name: 'licenses.remind', cron: '17 * * * *', handler: remindAll }),
]
