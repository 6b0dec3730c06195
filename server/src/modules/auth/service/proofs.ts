import { randomBytes } from 'node:crypto'
import { addMs } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { withEngine } from '../engine.ts'
import { engineDate } from '../engine-adapter.ts'

/** What a link in a mail proves. */
type Proof = 'verify-email' | 'reset-password'

const TOKEN_BYTES = 32

/** Makes the token of a link. The engine stores its hash alone, and until when it counts. */
export async function issueProof(
  ctx: Ctx,
  { proof, userId, ttlMs }: { proof: Proof; userId: string; ttlMs: number },
): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const { clock } = ctx.deps
  await withEngine(ctx, (stores) =>
    stores.createVerificationValue({
      identifier: `${proof}:${token}`,
      value: userId,
      expiresAt: engineDate(clock, addMs(clock.now(), ttlMs)),
    }),
  )
  return token
}

/** Uses a token up. @returns whose it is; null when it is unknown, used or too old */
export async function redeemProof(ctx: Ctx, proof: Proof, token: string): Promise<string | null> {
  const found = await withEngine(ctx, (stores) => stores.consumeVerificationValue(`${proof}:${token}`))
  return found?.value ?? null
}
