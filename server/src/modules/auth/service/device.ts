import { randomBytes, randomInt } from 'node:crypto'
import { writeAudit } from '../../../audit.ts'
import { addMs, SECOND } from '../../../clock.ts'
import type { Ctx, SessionActor } from '../../../context.ts'
import { sha256 } from '../../../crypto/secrets.ts'
import { AppError } from '../../../errors.ts'
import { networkOf } from '../../../limits.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../actor.ts'
import { DEVICE_INTERVAL_SECONDS, DEVICE_TTL_MS } from '../constants.ts'
import * as queries from '../queries/devices.ts'
import type { SignedIn } from '../schemas.ts'
import { startSession } from './sessions.ts'

// Device authorization (RFC 8628): the editor shows a short code, the person approves it in a browser where they are signed in.

/** Consonants: easy to read aloud and to type, and they spell no words (RFC 8628, 6.1). */
const USER_CODE_ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ'
const USER_CODE_LENGTH = 8
const DEVICE_CODE_BYTES = 32
const USER_CODE = new RegExp(`^[${USER_CODE_ALPHABET}]{${USER_CODE_LENGTH}}$`)

const newUserCode = (): string =>
  Array.from(
    { length: USER_CODE_LENGTH },
    () => USER_CODE_ALPHABET[randomInt(USER_CODE_ALPHABET.length)],
  ).join('')

/** Twenty billion codes are few enough to hash them all: the hash needs the secret that is not in the database. */
const hashUserCode = (ctx: Ctx, code: string): string =>
  ctx.deps.secrets.hmac('auth', `device-user-code:${code}`).toString('hex')
const hashDeviceCode = (code: string): string => sha256(code).toString('hex')

/** Begins the sign-in of a device. `clientName` is what the person is shown when approving. */
export async function startDevice(ctx: Ctx, { clientName }: { clientName?: string | undefined }) {
  const { limits, clock, env } = ctx.deps
  await limits.consume([['device-start:ip', networkOf(ctx.ip)]])
  const deviceCode = randomBytes(DEVICE_CODE_BYTES).toString('base64url')
  const letters = newUserCode()
  const now = clock.now()
  const expiresAt = addMs(now, DEVICE_TTL_MS)
  await queries.insertDeviceCode(ctx.db, {
    deviceCode: hashDeviceCode(deviceCode),
    userCode: hashUserCode(ctx, letters),
    clientId: clientName ?? null,
    pollingInterval: DEVICE_INTERVAL_SECONDS * SECOND,
    expiresAt,
    createdAt: now,
    updatedAt: now,
  })
  const userCode = `${letters.slice(0, 4)}-${letters.slice(4)}`
  return {
    deviceCode,
    userCode,
    verificationUrl: `${env.PUBLIC_URL}/device?user_code=${userCode}`,
    intervalSeconds: DEVICE_INTERVAL_SECONDS,
    expiresAt,
  }
}

/**
 * Asks whether the person has approved: then the answer is that of a sign-in, once.
 * @throws AUTH_DEVICE_PENDING, AUTH_DEVICE_SLOW_DOWN (from now on wait `details.intervalSeconds`), AUTH_DEVICE_DENIED,
 * AUTH_DEVICE_EXPIRED (also for a code that never was)
 */
export async function pollDevice(ctx: Ctx, { deviceCode }: { deviceCode: string }): Promise<SignedIn> {
  await ctx.deps.limits.consume([['device-poll:ip', networkOf(ctx.ip)]])
  const now = ctx.deps.clock.now()
  const row = await queries.findDeviceCode(ctx.db, hashDeviceCode(deviceCode))
  if (!row || row.expiresAt <= now) throw new AppError('AUTH_DEVICE_EXPIRED', { rfc8628: 'expired_token' })
  if (row.status === 'denied') {
    await queries.deleteDeviceCode(ctx.db, row.id)
    throw new AppError('AUTH_DEVICE_DENIED', { rfc8628: 'access_denied' })
  }
  if (row.status === 'approved') {
    return inTx(ctx, async (ctx) => {
      const approved = await queries.takeApproved(ctx.db, row.id)
      if (!approved?.userId) throw new AppError('AUTH_DEVICE_EXPIRED', { rfc8628: 'expired_token' })
      return startSession(ctx, approved.userId)
    })
  }
  const intervalMs = row.pollingInterval ?? DEVICE_INTERVAL_SECONDS * SECOND
  const isTooSoon = row.lastPolledAt !== null && now.getTime() - row.lastPolledAt.getTime() < intervalMs
  const nextMs = isTooSoon ? intervalMs + DEVICE_INTERVAL_SECONDS * SECOND : intervalMs
  await queries.notePoll(ctx.db, row.id, { now, pollingInterval: nextMs })
  const intervalSeconds = nextMs / SECOND
  throw isTooSoon
    ? new AppError('AUTH_DEVICE_SLOW_DOWN', { rfc8628: 'slow_down', intervalSeconds })
    : new AppError('AUTH_DEVICE_PENDING', { rfc8628: 'authorization_pending', intervalSeconds })
}

/** Guesses at user codes count for the person and for the address. @returns the code's hash */
async function readUserCode(ctx: Ctx<SessionActor>, userCode: string): Promise<string> {
  await ctx.deps.limits.consume([
    ['device-code:account', ctx.actor.userId],
    ['device-code:ip', networkOf(ctx.ip)],
  ])
  const letters = userCode.toUpperCase().replace(/[^A-Z]/g, '')
  if (!USER_CODE.test(letters)) throw new AppError('AUTH_TOKEN_INVALID')
  return hashUserCode(ctx, letters)
}

async function giveBack(ctx: Ctx<SessionActor>): Promise<void> {
  await ctx.deps.limits.giveBack('device-code:account', ctx.actor.userId)
  await ctx.deps.limits.giveBack('device-code:ip', networkOf(ctx.ip))
}

/** What asks under a code, to show before it is approved. @throws AUTH_TOKEN_INVALID */
export async function deviceRequest(ctx: Ctx<SessionActor>, { userCode }: { userCode: string }) {
  refuseImpersonation(ctx.actor)
  const hash = await readUserCode(ctx, userCode)
  const found = await queries.findOpenRequest(ctx.db, { userCode: hash, now: ctx.deps.clock.now() })
  if (!found) throw new AppError('AUTH_TOKEN_INVALID')
  await giveBack(ctx)
  return { clientName: found.clientName, createdAt: found.createdAt }
}

/** Lets the device that shows this code sign in as the caller, or refuses it. @throws AUTH_TOKEN_INVALID */
export async function approveDevice(
  ctx: Ctx<SessionActor>,
  { userCode, decision }: { userCode: string; decision: 'approve' | 'deny' },
) {
  refuseImpersonation(ctx.actor)
  const hash = await readUserCode(ctx, userCode)
  const status = decision === 'approve' ? 'approved' : 'denied'
  const decided = await inTx(ctx, async (ctx) => {
    const { userId } = ctx.actor
    const row = await queries.decideDevice(ctx.db, {
      userCode: hash,
      userId,
      status,
      now: ctx.deps.clock.now(),
    })
    if (row)
      await writeAudit(ctx, { action: `user.device_${status}`, subject: userId, after: { request: row.id } })
    return row
  })
  if (!decided) throw new AppError('AUTH_TOKEN_INVALID')
  await giveBack(ctx)
  return { ok: true as const, clientName: decided.clientName }
}
