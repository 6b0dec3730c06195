import { writeAudit } from '../../../audit.ts'
import type { AdminActor, Ctx } from '../../../context.ts'
import type { KeyPurpose } from '../../../crypto/signer.ts'
import { inTx } from '../../../tx.ts'

/**
 * Makes a new signing key. The old one stays good for an overlap, or is withdrawn at once: then everybody signs in again
 * (`access`), or editors renew their leases (`lease`). Other copies of the server follow within 15 seconds.
 */
export function rotateSigningKey(
  ctx: Ctx<AdminActor>,
  input: { purpose: KeyPurpose; withdrawOld: boolean; overlapDays?: number | undefined; reason: string },
): Promise<{ kid: string; previousKid: string | null }> {
  const { purpose, withdrawOld, overlapDays, reason } = input
  const { signer } = ctx.deps
  return inTx(ctx, async (ctx) => {
    const rotated = await signer.rotate(ctx.db, purpose, {
      withdrawOld,
      ...(overlapDays === undefined ? {} : { overlapDays }),
    })
    await writeAudit(ctx, {
      action: withdrawOld ? 'signing_key.withdrawn' : 'signing_key.rotated',
      subject: rotated.kid,
      reason,
      before: { kid: rotated.previousKid },
      after: { kid: rotated.kid, purpose },
    })
    ctx.afterCommit(() => signer.reload())
    return rotated
  })
}
