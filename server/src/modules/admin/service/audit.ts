import type { AdminActor, Ctx } from '../../../context.ts'
import { toPage } from '../../../wire.ts'
import { listAudit } from '../queries/users.ts'

/** Who did what, newest first. */
export async function audit(ctx: Ctx<AdminActor>, input: Parameters<typeof listAudit>[1]) {
  const rows = await listAudit(ctx.db, input)
  return toPage(rows, input.limit, (row) => row)
}
