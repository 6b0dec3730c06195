import type { Ctx } from '../../../context.ts'
import { listOwnLicenses } from '../queries/licenses.ts'
import { isUsable, statusAt } from '../state.ts'

const LOOKED_AT = 50

/** The license of a person that an answer to them is about: one of those named, else the newest in force, else the newest. */
export async function licenseMeant(
  ctx: Ctx,
  { userId, named }: { userId: string; named: string[] },
): Promise<{ plan: string; expiresAt: Date | null } | undefined> {
  const now = ctx.deps.clock.now()
  const rows = await listOwnLicenses(ctx.db, { userId, limit: LOOKED_AT })
  const all = rows.map(({ license }) => license)
  const meant =
    all.find(({ id }) => named.includes(id)) ?? all.find((one) => isUsable(statusAt(one, now))) ?? all[0]
  return meant && { plan: meant.planSlug, expiresAt: meant.expiresAt }
}
