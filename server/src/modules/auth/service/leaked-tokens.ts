import { writeAudit } from '../../../audit.ts'
import type { Ctx } from '../../../context.ts'
import { sha256 } from '../../../crypto/secrets.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { inTx } from '../../../tx.ts'
import { revokeByHashes } from '../queries/api-tokens.ts'

/**
 * Ends API tokens that were found where others can read them, and tells their owners.
 * @param tokens as they were found; those that are not ours, or not good any more, are passed over
 * @param where for the mail and the audit log
 * @returns how many were revoked
 */
export async function revokeLeakedTokens(ctx: Ctx, tokens: string[], where: string): Promise<number> {
  if (tokens.length === 0) return 0
  return inTx(ctx, async (ctx) => {
    const revoked = await revokeByHashes(ctx.db, {
      hashes: [...new Set(tokens)].map(sha256),
      now: ctx.deps.clock.now(),
    })
    for (const token of revoked) {
      await writeAudit(ctx, {
        action: 'user.api_token_revoked',
        subject: token.userId,
        reason: `leaked ${where}`,
        before: { token: token.id },
      })
      await queueMail(ctx, {
        dedupeKey: `api-token-leaked:${token.id}`,
        to: token.email,
        template: 'api-token-leaked',
        data: { name: token.ownerName, tokenName: token.name, hint: token.hint },
      })
    }
    return revoked.length
  })
}
