import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { hasOtherAdmin } from '../queries/erase.ts'
import { findUser } from '../queries.ts'

/** Holds the admins' rows and refuses what would leave nobody in charge. @throws LAST_ADMIN */
export async function assertNotLastAdmin(ctx: Ctx, userId: string): Promise<void> {
  const hasOther = await hasOtherAdmin(ctx.db, userId)
  if (hasOther) return
  const user = await findUser(ctx.db, userId)
  if (user?.role === 'admin') throw new AppError('LAST_ADMIN')
}
