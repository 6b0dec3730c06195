import type { Ctx, SessionActor } from '../../../context.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { collectExport } from '../queries/export.ts'
import { loadUser } from './profile.ts'

type Collected = Awaited<ReturnType<typeof collectExport>>

/** Members that say how we keep the books and that are nothing about the person, or secret. */
const INTERNAL = new Set(['idempotencyKey', 'actor', 'cause'])

const plainRow = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !INTERNAL.has(name)))

/** Everything that is kept about the caller, as JSON (GDPR, articles 15 and 20). */
export async function exportData(ctx: Ctx<SessionActor>) {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  const collected = await collectExport(ctx.db, userId)
  const records = Object.fromEntries(
    Object.entries(collected).map(([name, rows]) => [name, rows.map(plainRow)]),
  ) as Record<keyof Collected, Record<string, unknown>[]>
  return { exportedAt: ctx.deps.clock.now(), account: await loadUser(ctx, userId), ...records }
}
