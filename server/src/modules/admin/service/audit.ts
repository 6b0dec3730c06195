import type { AdminActor, Ctx } from '../../../context.ts'
import { decodeCursor, encodeCursor, type PageInput } from '../../../wire.ts'
import { type AuditFilter, listAudit } from '../queries/users.ts'

/** Who did what, newest first. */
export async function audit(ctx: Ctx<AdminActor>, { cursor, ...input }: AuditFilter & PageInput) {
  const rows = await listAudit(ctx.db, { ...input, after: decodeCursor(cursor) })
  const items = rows.slice(0, input.limit)
  const last = rows.length > input.limit ? items.at(-1) : undefined
  return { items, nextCursor: last ? encodeCursor(last.at, last.id) : null }
}
