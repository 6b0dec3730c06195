import { randomInt } from 'node:crypto'
import { base32 } from '@better-auth/utils/base32'
import { createOTP } from '@better-auth/utils/otp'
import { generateRandomString, symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto'
import { writeAudit } from '../../../audit.ts'
import { addMs, SECOND } from '../../../clock.ts'
import type { Ctx, SessionActor } from '../../../context.ts'
import { sameSecret } from '../../../crypto/secrets.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { loadUser } from '../../users/service/profile.ts'
import { refuseImpersonation } from '../actor.ts'
import { withEngine } from '../engine.ts'
import { engineDate } from '../engine-adapter.ts'
import { confirmTwoFactor, putTwoFactor, removeTwoFactor, setBackupCodes } from '../queries/credentials.ts'
import { lockTwoFactor } from '../queries.ts'
import { confirmPassword } from './passwords.ts'

const ISSUER = 'Dev Forge'
const STEP_SECONDS = 30
/** Clocks differ: the step before and the one after count, too (RFC 6238, 5.2). */
const DRIFT_STEPS = [0, -1, 1]
const SECRET_LENGTH = 32
const BACKUP_CODES = 10
/** No 0/O, 1/I/L: these are typed from paper. */
const BACKUP_ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'
const BACKUP_LENGTH = 10

/** Secrets are stored as the engine stores them: encrypted under a key outside the database. */
const sealKey = (ctx: Ctx): string => ctx.deps.secrets.derive('auth')

const newBackupCode = (): string =>
  Array.from({ length: BACKUP_LENGTH }, () => BACKUP_ALPHABET[randomInt(BACKUP_ALPHABET.length)]).join('')

/**
 * Begins to set a second step up: shows the secret for the authenticator app, and the backup codes, for the only time. It
 * takes effect with `confirmTotp`. Until then it can be begun anew.
 * @throws AUTH_INVALID_CREDENTIALS, AUTH_TOTP_ALREADY_ENABLED
 */
export async function enableTotp(ctx: Ctx<SessionActor>, { password }: { password: string }) {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  await confirmPassword(ctx, password)
  const user = await loadUser(ctx, userId)
  if (user.twoFactorEnabled) throw new AppError('AUTH_TOTP_ALREADY_ENABLED')
  const secret = generateRandomString(SECRET_LENGTH)
  const codes = Array.from({ length: BACKUP_CODES }, newBackupCode)
  await putTwoFactor(ctx.db, {
    userId,
    secret: await symmetricEncrypt({ key: sealKey(ctx), data: secret }),
    backupCodes: await symmetricEncrypt({ key: sealKey(ctx), data: JSON.stringify(codes) }),
    now: ctx.deps.clock.now(),
  })
  return {
    secret: base32.encode(secret, { padding: false }),
    otpauthUrl: createOTP(secret, { digits: 6, period: STEP_SECONDS }).url(ISSUER, user.email),
    backupCodes: codes.map((code) => `${code.slice(0, 5)}-${code.slice(5)}`),
  }
}

/** Proves that the authenticator app works; from now on signing in asks for its code. @throws AUTH_INVALID_CREDENTIALS */
export async function confirmTotp(ctx: Ctx<SessionActor>, { code }: { code: string }): Promise<{ ok: true }> {
  const { userId } = ctx.actor
  await countAttempt(ctx, userId)
  await inTx(ctx, async (ctx) => {
    const row = await lockTwoFactor(ctx.db, userId)
    if (!row || !(await fitsApp(ctx, row, code))) throw new AppError('AUTH_INVALID_CREDENTIALS')
    await confirmTwoFactor(ctx.db, userId, ctx.deps.clock.now())
    await writeAudit(ctx, { action: 'user.totp_enabled', subject: userId })
  })
  await takeBackAttempt(ctx, userId)
  return { ok: true }
}

/**
 * Takes the second step off the account. Needs the password and, while it is on, a code: a borrowed session and a known
 * password are not enough.
 * @throws AUTH_INVALID_CREDENTIALS, AUTH_TOTP_REQUIRED
 */
export async function disableTotp(
  ctx: Ctx<SessionActor>,
  { password, totp }: { password: string; totp?: string | undefined },
): Promise<{ ok: true }> {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  await confirmPassword(ctx, password)
  const user = await loadUser(ctx, userId)
  if (user.twoFactorEnabled) await checkSecondStep(ctx, userId, totp)
  await inTx(ctx, async (ctx) => {
    await removeTwoFactor(ctx.db, userId, ctx.deps.clock.now())
    if (user.twoFactorEnabled) await writeAudit(ctx, { action: 'user.totp_disabled', subject: userId })
  })
  return { ok: true }
}

/**
 * The second step of a sign-in: a code of the app, each once, or one of the backup codes, each once.
 * @throws AUTH_TOTP_REQUIRED without a code, AUTH_INVALID_CREDENTIALS for a wrong or used one, AUTH_RATE_LIMITED
 */
export async function checkSecondStep(ctx: Ctx, userId: string, code: string | undefined): Promise<void> {
  if (code === undefined) throw new AppError('AUTH_TOTP_REQUIRED')
  await countAttempt(ctx, userId)
  await inTx(ctx, async (ctx) => {
    const row = await lockTwoFactor(ctx.db, userId)
    if (!row?.verified) throw new AppError('AUTH_INVALID_CREDENTIALS')
    const fits = code.length === 6 ? await fitsApp(ctx, row, code) : await useBackupCode(ctx, row, code)
    if (!fits) throw new AppError('AUTH_INVALID_CREDENTIALS')
  })
  await takeBackAttempt(ctx, userId)
}

const countAttempt = (ctx: Ctx, userId: string): Promise<void> =>
  ctx.deps.limits.consume([
    ['totp:account', userId],
    ['totp-day:account', userId],
  ])

async function takeBackAttempt(ctx: Ctx, userId: string): Promise<void> {
  await ctx.deps.limits.giveBack('totp:account', userId)
  await ctx.deps.limits.giveBack('totp-day:account', userId)
}

interface TwoFactorRow {
  userId: string
  secret: string
  backupCodes: string
}

/** Whether a code is that of the app at this time and was not used before. The row is locked: of two at once one is first. */
async function fitsApp(ctx: Ctx, row: TwoFactorRow, code: string): Promise<boolean> {
  const { clock } = ctx.deps
  const now = clock.now()
  const otp = createOTP(await symmetricDecrypt({ key: sealKey(ctx), data: row.secret }), { digits: 6 })
  const step = Math.floor(now.getTime() / SECOND / STEP_SECONDS)
  for (const drift of DRIFT_STEPS) {
    if (!sameSecret(await otp.hotp(step + drift), code)) continue
    const identifier = `totp:${row.userId}:${step + drift}`
    return withEngine(ctx, async (stores) => {
      if (await stores.findVerificationValue(identifier)) return false
      // Kept until the step cannot come again.
      const expiresAt = engineDate(clock, addMs(now, 4 * STEP_SECONDS * SECOND))
      await stores.createVerificationValue({ identifier, value: row.userId, expiresAt })
      return true
    })
  }
  return false
}

/** Whether a backup code is one that is left; if so, it is left no more. */
async function useBackupCode(ctx: Ctx, row: TwoFactorRow, code: string): Promise<boolean> {
  const codes: string[] = JSON.parse(await symmetricDecrypt({ key: sealKey(ctx), data: row.backupCodes }))
  const left = codes.filter((candidate) => !sameSecret(candidate, code))
  if (left.length === codes.length) return false
  const sealed = await symmetricEncrypt({ key: sealKey(ctx), data: JSON.stringify(left) })
  await setBackupCodes(ctx.db, row.userId, sealed, ctx.deps.clock.now())
  await writeAudit(ctx, {
    action: 'user.backup_code_used',
    subject: row.userId,
    after: { left: left.length },
  })
  return true
}
