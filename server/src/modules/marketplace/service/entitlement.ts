import type { Ctx } from '../../../context.ts'
import { extensionsOfUser, isPaid } from '../queries/entitlement.ts'

/**
 * Whether somebody (null: a stranger) may have the files of an extension: it is free, they bought it and the license is in
 * force, or they are members of its publisher. Unknown extensions are nobody's.
 * @param extensionId `ext_…`
 */
export async function isEntitled(ctx: Ctx, extensionId: string, userId: string | null): Promise<boolean> {
  const paid = await isPaid(ctx.db, extensionId)
  if (paid === null) return false
  if (!paid) return true
  if (userId === null) return false
  const now = ctx.deps.clock.now()
  return (await extensionsOfUser(ctx.db, { userId, now, extensionId })).length > 0
}

/**
 * The extensions (`ext_…`) that somebody bought, license in force, or publishes; one query for a page of results. Free ones need
 * no entitlement and are not listed: show `!extension.paid || entitled.has(extension.id)`.
 */
export async function entitledExtensions(ctx: Ctx, userId: string): Promise<Set<string>> {
  return new Set(await extensionsOfUser(ctx.db, { userId, now: ctx.deps.clock.now() }))
}
