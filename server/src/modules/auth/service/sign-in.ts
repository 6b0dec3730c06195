import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { networkOf } from '../../../limits.ts'
import { findSignInCandidates, hasSessionFrom, type SignInCandidate } from '../queries.ts'
import type { SignedIn, SignInInput } from '../schemas.ts'
import { upgradeHash } from './passwords.ts'
import { startSession } from './sessions.ts'
import { checkSecondStep } from './totp.ts'

/**
 * Signs in with mail address and password, and with a code where the account has a second step.
 * A wrong address and a wrong password are the same answer after the same work: two hashes, always.
 * @throws AUTH_INVALID_CREDENTIALS, AUTH_TOTP_REQUIRED (the password was right), AUTH_BANNED (likewise), AUTH_RATE_LIMITED
 */
export async function signIn(ctx: Ctx, input: SignInInput): Promise<SignedIn> {
  const candidates = await findSignInCandidates(ctx.db, input.email, ctx.deps.clock.now())
  const account = await checkPassword(ctx, input, candidates)
  if (account.banned) throw new AppError('AUTH_BANNED')
  if (account.twoFactorEnabled) await checkSecondStep(ctx, account.userId, input.totp)
  await upgradeHash(ctx, account.userId, account.passwordHash, input.password)
  return startSession(ctx, account.userId)
}

/** The account that the password opens. Attempts are counted before the hash, so that parallel ones cannot outrun the limit. */
async function checkPassword(
  ctx: Ctx,
  { email, password }: SignInInput,
  { owner, claimant }: { owner: SignInCandidate | undefined; claimant: SignInCandidate | undefined },
): Promise<SignInCandidate> {
  const { limits, passwords } = ctx.deps
  const ip = networkOf(ctx.ip)
  await limits.consume([
    ['sign-in:ip', ip],
    ['sign-in:account+ip', `${email} ${ip}`],
  ])
  await countForAccount(ctx, email, owner)
  const [fitsOwner, fitsClaimant] = await Promise.all([
    passwords.verify(owner?.passwordHash ?? null, password),
    passwords.verify(claimant?.passwordHash ?? null, password),
  ])
  const account = fitsOwner ? owner : fitsClaimant ? claimant : undefined
  if (!account) throw new AppError('AUTH_INVALID_CREDENTIALS')
  // Only this attempt is taken back, not the wrong ones before it: else whoever claims an address (anybody may) could
  // clear the count of guesses at its owner's password by signing in to the own account between them.
  await Promise.all([
    limits.giveBack('sign-in:ip', ip),
    limits.giveBack('sign-in:account+ip', `${email} ${ip}`),
    limits.giveBack('sign-in:account', email),
  ])
  return account
}

/**
 * Guesses at one account from many addresses count together. Where its owner is signed in already, that limit does not
 * hold: an attacker must not be able to shut somebody out. (A claim on the address is no such place: anybody can make one.)
 */
async function countForAccount(ctx: Ctx, email: string, owner: SignInCandidate | undefined): Promise<void> {
  const retryAfterSeconds = await ctx.deps.limits.attempt('sign-in:account', email)
  if (retryAfterSeconds === null) return
  const isKnownPlace =
    owner !== undefined &&
    (await hasSessionFrom(ctx.db, { userId: owner.userId, ip: ctx.ip, now: ctx.deps.clock.now() }))
  if (!isKnownPlace) throw new AppError('AUTH_RATE_LIMITED', { retryAfterSeconds })
}
