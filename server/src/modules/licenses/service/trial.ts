import { addMs, DAY } from '../../../clock.ts'
import type { Ctx, SessionActor } from '../../../context.ts'
import { sha256 } from '../../../crypto/secrets.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { newKey } from '../keys.ts'
import { findPlan, lockLicense, updateLicense } from '../queries/licenses.ts'
import { findTrials, insertTrial } from '../queries/trials.ts'
import { statusAt } from '../state.ts'
import { activateLocked, present } from './activate.ts'
import { recordEvent } from './change.ts'
import { issueLicense } from './issue.ts'

export const TRIAL_DAYS = 14
const TRIAL_PLAN = 'pro'

/**
 * Starts the free trial and activates this device: no card, once per person and once per machine, ever.
 * Asked again by the same person on the same machine (the answer was lost) it gives the same trial with a new key.
 * @throws TRIAL_ALREADY_USED
 */
export async function startTrial(
  ctx: Ctx<SessionActor>,
  input: {
    fingerprint: string
    deviceName?: string | undefined
    platform?: string | undefined
    appVersion?: string | undefined
  },
) {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  const fingerprintHash = sha256(input.fingerprint)
  const { activation, key } = await inTx(ctx, async (ctx) => {
    const [known, other] = await findTrials(ctx.db, { userId, fingerprintHash })
    if (known) {
      const same =
        other === undefined && known.userId === userId && known.fingerprintHash.equals(fingerprintHash)
      if (!same) throw new AppError('TRIAL_ALREADY_USED')
      return resumeTrial(ctx, known.licenseId, input)
    }
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
    if (key === null) throw new Error('a trial license is always new')
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
  return { ...(await present(ctx, activation)), key }
}

/** The trial that runs, with a key that can be shown: the first one is not known any more. */
async function resumeTrial(
  ctx: Ctx<SessionActor>,
  licenseId: string,
  input: Parameters<typeof activateLocked>[2],
) {
  const license = await lockLicense(ctx.db, { id: licenseId, userId: ctx.actor.userId })
  if (!license || statusAt(license, ctx.deps.clock.now()) !== 'trial')
    throw new AppError('TRIAL_ALREADY_USED')
  const { key, keyHash, keyHint } = newKey(ctx.deps.secrets)
  const updated = await updateLicense(ctx.db, license.id, { keyHash, keyHint })
  await recordEvent(ctx, license.id, 'license.key_reissued', {
    reason: 'the trial was asked for again',
    before: { keyHint: license.keyHint },
    after: { keyHint },
  })
  return { activation: await activateLocked(ctx, updated, input), key }
}
