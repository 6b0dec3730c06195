import { addMs, DAY } from '../../../clock.ts'
import type { Ctx, SessionActor } from '../../../context.ts'
import { sha256 } from '../../../crypto/secrets.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { findPlan, lockLicense } from '../queries/licenses.ts'
import { hasTrial, insertTrial } from '../queries/trials.ts'
import { activateLocked, present } from './activate.ts'
import { issueLicense } from './issue.ts'

export const TRIAL_DAYS = 14
const TRIAL_PLAN = 'pro'

/**
 * Starts the free trial and activates this device: no card, once per person and once per machine, ever.
 * @throws TRIAL_ALREADY_USED
 */
export async function startTrial(
  ctx: Ctx<SessionActor>,
  input: { fingerprint: string; deviceName?: string | undefined; platform?: string | undefined },
) {
  const { userId } = ctx.actor
  const fingerprintHash = sha256(input.fingerprint)
  const { activation, key } = await inTx(ctx, async (ctx) => {
    if (await hasTrial(ctx.db, { userId, fingerprintHash })) throw new AppError('TRIAL_ALREADY_USED')
    const plan = await findPlan(ctx.db, TRIAL_PLAN)
    if (!plan) throw new AppError('PLAN_NOT_FOUND', { plan: TRIAL_PLAN })
    const now = ctx.deps.clock.now()
    const endsAt = addMs(now, TRIAL_DAYS * DAY)
    const { license, key } = await issueLicense(ctx, {
      userId,
      plan,
      status: 'trial',
      expiresAt: endsAt,
      reason: 'trial',
      notify: false,
    })
    // The unique constraints decide between two that start at the same moment; the loser's license goes with its transaction.
    const first = await insertTrial(ctx.db, {
      userId,
      fingerprintHash,
      licenseId: license.id,
      startedAt: now,
      endsAt,
    })
    if (!first) throw new AppError('TRIAL_ALREADY_USED')
    const locked = await lockLicense(ctx.db, { id: license.id })
    return { activation: await activateLocked(ctx, locked ?? license, input), key }
  })
  if (key === null) throw new Error('a trial license is always new')
  return { ...(await present(ctx, activation)), key }
}
