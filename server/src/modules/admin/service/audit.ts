import type { AdminActor, Ctx } from '../../../context.ts'
import { listAudit } from '../queries/users.ts'

/** Who did what, newest first. */
export async function audit(ctx: Ctx<AdminActor>, input: Parameters<typeof listAudit>[1]) {
  const rows = await listAudit(ctx.db, input)
  const items = rows.slice(0, input.limit)
  return { items, nextCursor: rows.length > input.limit ? (items.at(-1)?.id ?? null) : null }
}
