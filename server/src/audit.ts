import { auditLog } from '@devforge/db'
import { actorLabel, type Ctx } from './context.ts'

export interface AuditEntry {
  /** What was done: `user.role_changed`. */
  action: string
  /** What it was done to: an id with its prefix. */
  subject: string
  reason?: string | undefined
  before?: Record<string, unknown>
  after?: Record<string, unknown>
}

/**
 * Writes down who did what, in the caller's transaction. The log is append-only and outlives accounts: give it ids, never
 * mail addresses or names. The address of the caller is kept for staff alone.
 */
export async function writeAudit(ctx: Ctx, entry: AuditEntry): Promise<void> {
  const { actor } = ctx
  await ctx.db.insert(auditLog).values({
    ...entry,
    actor: actorLabel(actor),
    requestId: ctx.requestId,
    ip: actor.type === 'admin' || actor.type === 'agent' ? ctx.ip : null,
    at: ctx.deps.clock.now(),
  })
}
