import type { AccountActor, Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { withEngine } from '../engine.ts'
import { findPasswordHash } from '../queries.ts'

/**
 * Asks the signed-in person for the password again, before a step that a borrowed session must not take.
 * @throws AUTH_INVALID_CREDENTIALS, AUTH_RATE_LIMITED
 */
export async function confirmPassword(ctx: Ctx<AccountActor>, password: string): Promise<void> {
  const { userId } = ctx.actor
  await ctx.deps.limits.consume([['password:account', userId]])
  const hash = await findPasswordHash(ctx.db, userId)
  if (!(await ctx.deps.passwords.verify(hash ?? null, password))) {
    throw new AppError('AUTH_INVALID_CREDENTIALS')
  }
  await ctx.deps.limits.giveBack('password:account', userId)
}

/** Sets the password of an account, whether or not it had one. */
export async function storePassword(ctx: Ctx, userId: string, passwordHash: string): Promise<void> {
  await withEngine(ctx, async (stores) => {
    if (await stores.findCredentialAccount(userId)) return stores.updatePassword(userId, passwordHash)
    await stores.createAccount({
      userId,
      providerId: 'credential',
      accountId: userId,
      password: passwordHash,
    })
  })
}

/** Hashes a password anew when the parameters have been raised since it was set; the one moment when we know it. */
export async function upgradeHash(
  ctx: Ctx,
  userId: string,
  hash: string | null,
  password: string,
): Promise<void> {
  if (hash === null || !ctx.deps.passwords.isOutdated(hash)) return
  await storePassword(ctx, userId, await ctx.deps.passwords.hash(password))
}
