import type { AccountActor, Ctx } from '../../../context.ts'
import { notFound } from '../../../errors.ts'
import { presentUser } from '../present.ts'
import { findUser, updateUser } from '../queries.ts'
import type { UpdateUserInput, User } from '../schemas.ts'

/** An account as its owner sees it. @throws NOT_FOUND when it was deleted */
export async function loadUser(ctx: Ctx, userId: string): Promise<User> {
  const row = await findUser(ctx.db, userId)
  if (!row) throw notFound('user', userId)
  return presentUser(row)
}

/** The caller's own account. */
export const me = (ctx: Ctx<AccountActor>): Promise<User> => loadUser(ctx, ctx.actor.userId)

/** Changes name, picture or language of the own account; what is not given stays. */
export async function update(ctx: Ctx<AccountActor>, input: UpdateUserInput): Promise<User> {
  const row = await updateUser(ctx.db, ctx.actor.userId, {
    ...(input.name === undefined ? {} : { name: input.name }),
    ...(input.avatarUrl === undefined ? {} : { image: input.avatarUrl }),
    ...(input.locale === undefined ? {} : { locale: input.locale }),
    updatedAt: ctx.deps.clock.now(),
  })
  if (!row) throw notFound('user', ctx.actor.userId)
  return presentUser(row)
}
