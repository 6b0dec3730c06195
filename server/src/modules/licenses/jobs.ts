import { addMs, DAY } from '../../clock.ts'
import type { Ctx } from '../../context.ts'
import { defineJob } from '../../jobs/types.ts'
import { queueMail } from '../../mail/outbox.ts'
import { findContact } from '../users/contact.ts'
import { findPlan, type LicenseRow, licensesEnding, licensesToExpire } from './queries/licenses.ts'
import { expireByClock } from './service/follow.ts'

/** Days before the end on which the owner is reminded. */
const REMINDER_DAYS = [1, 7, 30]
const BATCH = 500

async function expireDue(ctx: Ctx): Promise<void> {
  const ids = await licensesToExpire(ctx.db, { now: ctx.deps.clock.now(), limit: BATCH })
  for (const id of ids) await expireByClock(ctx, id)
}

/** What of a license ends first, and when. */
function ending(license: LicenseRow): { what: 'license' | 'updates' | 'trial'; until: Date } | null {
  if (license.expiresAt)
    return { what: license.status === 'trial' ? 'trial' : 'license', until: license.expiresAt }
  return license.updatesUntil && { what: 'updates', until: license.updatesUntil }
}

/** One mail per license, end and reminder: a renewal moves the end and so earns new reminders; a run missed is caught up by the next. */
async function remind(ctx: Ctx, license: LicenseRow): Promise<void> {
  const end = ending(license)
  if (!end) return
  const daysLeft = Math.ceil((end.until.getTime() - ctx.deps.clock.now().getTime()) / DAY)
  const days = REMINDER_DAYS.find((candidate) => daysLeft <= candidate)
  if (days === undefined || daysLeft <= 0) return
  const [{ name, email }, plan] = [
    await findContact(ctx.db, license.userId),
    await findPlan(ctx.db, license.planSlug),
  ]
  await queueMail(ctx, {
    dedupeKey: `license-expiring:${license.id}:${end.what}:${end.until.toISOString()}:${days}`,
    to: email,
    template: 'license-expiring',
    data: {
      name,
      plan: plan?.name ?? license.planSlug,
      licenseId: license.id,
      days: daysLeft,
      what: end.what,
    },
  })
}

async function remindAll(ctx: Ctx): Promise<void> {
  const now = ctx.deps.clock.now()
  const to = addMs(now, Math.max(...REMINDER_DAYS) * DAY)
  let after: string | undefined
  for (;;) {
    const rows = await licensesEnding(ctx.db, { from: now, to, after, limit: BATCH })
    for (const license of rows) await remind(ctx, license)
    after = rows.at(-1)?.id
    if (rows.length < BATCH) return
  }
}

export const licenseJobs = [
  defineJob({ name: 'licenses.expire', cron: '*/5 * * * *', handler: expireDue }),
  defineJob({ name: 'licenses.remind', cron: '17 * * * *', handler: remindAll }),
]
