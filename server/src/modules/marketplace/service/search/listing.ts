import type { Ctx } from '../../../../context.ts'
import { findListed, type ListedExtension } from '../../queries/listing.ts'

export type { ListedExtension }

/** What lists show of extensions, in the order of `ids`; those that are gone meanwhile are left out. */
export async function listExtensions(ctx: Pick<Ctx, 'deps'>, ids: string[]): Promise<ListedExtension[]> {
  if (ids.length === 0) return []
  const rows = await findListed(ctx.deps.sql, ids)
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}
