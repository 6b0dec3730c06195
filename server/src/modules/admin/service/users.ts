import { writeAudit } from '../../../audit.ts'
import { MINUTE } from '../../../clock.ts'
import type { Actor, AdminActor, Ctx } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { toPage } from '../../../wire.ts'
import { endSessions, startSession } from '../../auth/service/sessions.ts'
import { holdDesk, leaveDesk, returnToDesk } from '../../support/service/leave.ts'
import { presentUser } from '../../users/present.ts'
import type { User } from '../../users/schemas.ts'
import { assertNotLastAdmin } from '../../users/service/last-admin.ts'
import * as queries from '../queries/users.ts'

type AdminCtx = Ctx<AdminActor>
type UserRow = NonNullable<Awaited<ReturnType<typeof queries.lockUser>>>

const IMPERSONATION_TTL_MS = 30 * MINUTE

const presentForAdmin = (row: UserRow) => ({
  ...presentUser(row),
  banned: row.banned,
  banReason: row.banReason,
  banExpires: row.banExpires,
})

/** Accounts by id, name or address, newest first. */
export async function searchUsers(ctx: AdminCtx, input: Parameters<typeof queries.searchUsers>[1]) {
  const rows = await queries.searchUsers(ctx.db, input)
  return toPage(rows, input.limit, ({ user, lastSeenAt }) => ({ ...presentForAdmin(user), lastSeenAt }))
}

/** Locks an account for a change. Takes the admins' locks first, in the one order that everybody takes them in. */
async function lockForChange(
  ctx: Ctx,
  userId: string,
  { endsAdmin }: { endsAdmin: boolean },
): Promise<UserRow> {
  if (endsAdmin) await assertNotLastAdmin(ctx, userId)
  const row = await queries.lockUser(ctx.db, userId)
  if (!row) throw notFound('user', userId)
  return row
}

function changed(row: UserRow | undefined, userId: string) {
  if (!row) throw notFound('user', userId)
  return presentForAdmin(row)
}

/**
 * Gives an account a role; a demotion bites with the next call, and gives tickets back to their queues. The system may too: somebody has to be the first admin.
 * @throws NOT_FOUND, LAST_ADMIN
 */
export function setRole(
  ctx: Ctx<AdminActor | Extract<Actor, { type: 'system' }>>,
  input: { userId: string; role: User['role']; reason: string },
) {
  const { userId, role, reason } = input
  return inTx(ctx, async (ctx) => {
    if (role === 'customer') await holdDesk(ctx, userId)
    const before = await lockForChange(ctx, userId, { endsAdmin: role !== 'admin' })
    if (before.role === role) return presentForAdmin(before)
    const after = await queries.setRole(ctx.db, userId, role, ctx.deps.clock.now())
    await writeAudit(ctx, {
      action: 'user.role_changed',
      subject: userId,
      reason,
      before: { role: before.role },
      after: { role },
    })
    if (role === 'customer') await leaveDesk(ctx, userId)
    else await returnToDesk(ctx, userId)
    return changed(after, userId)
  })
}

/** Blocks an account, for ever or until a time, ends its sessions, and gives its work to others. @throws NOT_FOUND, LAST_ADMIN, INVALID_INPUT */
export function ban(ctx: AdminCtx, input: { userId: string; reason: string; until?: Date | undefined }) {
  const { userId, reason, until } = input
  const now = ctx.deps.clock.now()
  if (until !== undefined && until <= now) {
    throw new AppError('INVALID_INPUT', { issues: [{ path: 'until', message: 'Give a time to come.' }] })
  }
  return inTx(ctx, async (ctx) => {
    await holdDesk(ctx, userId)
    const before = await lockForChange(ctx, userId, { endsAdmin: true })
    const after = await queries.setBan(
      ctx.db,
      userId,
      { banned: true, banReason: reason, banExpires: until ?? null },
      now,
    )
    await endSessions(ctx, userId)
    await writeAudit(ctx, {
      action: 'user.banned',
      subject: userId,
      reason,
      before: { banned: before.banned },
      after: { banned: true, until: until?.toISOString() ?? null },
    })
    await leaveDesk(ctx, userId)
    return changed(after, userId)
  })
}

/** Lifts a ban. @throws NOT_FOUND */
export function unban(ctx: AdminCtx, { userId, reason }: { userId: string; reason: string }) {
  return inTx(ctx, async (ctx) => {
    const before = await lockForChange(ctx, userId, { endsAdmin: false })
    const after = await queries.setBan(
      ctx.db,
      userId,
      { banned: false, banReason: null, banExpires: null },
      ctx.deps.clock.now(),
    )
    await writeAudit(ctx, {
      action: 'user.unbanned',
      subject: userId,
      reason,
      before: { banned: before.banned },
      after: { banned: false },
    })
    await returnToDesk(ctx, userId)
    return changed(after, userId)
  })
}

/**
 * Signs the admin in as somebody else, for 30 minutes, to see what they see. Such a session cannot pay, change ways to sign
 * in, or leave; what it does is written down under both names. Never of admins.
 * @throws NOT_FOUND, FORBIDDEN for an admin, AUTH_BANNED
 */
export function impersonate(ctx: AdminCtx, { userId, reason }: { userId: string; reason: string }) {
  return inTx(ctx, async (ctx) => {
    const row = await queries.lockUser(ctx.db, userId)
    if (!row) throw notFound('user', userId)
    if (row.role === 'admin') throw new AppError('FORBIDDEN', { need: 'an account that is not an admin' })
    await writeAudit(ctx, { action: 'user.impersonated', subject: userId, reason })
    return startSession(ctx, userId, { impersonatedBy: ctx.actor.userId, ttlMs: IMPERSONATION_TTL_MS })
  })
}
