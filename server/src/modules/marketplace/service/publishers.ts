import type { Db } from '@devforge/db'
import type { AccountActor, Actor, Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { isBrandName, isRouteName, squash } from '../publisher-names.ts'
import { insertMember } from '../queries/publisher-members.ts'
import {
  acceptMembership,
  countOwned,
  findOwnPublisher,
  findPublisherRow,
  insertPublisher,
  isNameTaken,
  lockName,
  lockPublisher,
  type PublisherRole,
  type PublisherRow,
} from '../queries/publishers.ts'
import { recordExtensionEvent } from './history.ts'

export { isReservedPublisher } from '../publisher-names.ts'

/** More would be a trade in names. */
const MAX_OWNED_PUBLISHERS = 25

/** The active publisher of a name in any case; null for one that was removed or never was. */
export async function findPublisher(db: Db, name: string): Promise<PublisherRow | null> {
  const row = await findPublisherRow(db, name)
  return row?.status === 'active' ? row : null
}

/**
 * The publisher of a name, if the caller is a member of it (with `role`: an owner). Somebody else's, a removed one and one that
 * never was answer alike. With `lock`, inside a transaction: also holds it to the end of that, see `holdPublisher`.
 * @throws PUBLISHER_FORBIDDEN
 */
export async function requireMember(
  ctx: Ctx<AccountActor>,
  publisherName: string,
  {
    role,
    lock,
    evenRemoved,
  }: { role?: PublisherRole; lock?: 'share' | 'update'; evenRemoved?: boolean } = {},
): Promise<PublisherRow> {
  const { userId } = ctx.actor
  const find = async () => {
    const own = await findOwnPublisher(ctx.db, { name: publisherName, userId, evenRemoved })
    if (!own || (role === 'owner' && own.role !== 'owner')) {
      throw new AppError('PUBLISHER_FORBIDDEN', { publisher: publisherName })
    }
    return own
  }
  let own = await find()
  if (lock !== undefined) {
    await lockPublisher(ctx.db, own.publisher.id, lock)
    // Asked again: whoever held it before us may have removed it, or the caller from it.
    own = await find()
  }
  if (own.acceptedAt === null && !('impersonatedBy' in ctx.actor && ctx.actor.impersonatedBy)) {
    await acceptMembership(ctx.db, { publisherId: own.publisher.id, userId, now: ctx.deps.clock.now() })
  }
  return own.publisher
}

/** The publisher of a name, held for changes, if the caller owns it. Inside a transaction. @throws PUBLISHER_FORBIDDEN */
export const requireOwner = (ctx: Ctx<AccountActor>, publisherName: string): Promise<PublisherRow> =>
  requireMember(ctx, publisherName, { role: 'owner', lock: 'update' })

/**
 * The publisher of a name, if the caller owns it or did when it was removed: its money is still its owners'.
 * @throws PUBLISHER_FORBIDDEN
 */
export const requirePayee = (ctx: Ctx<AccountActor>, publisherName: string): Promise<PublisherRow> =>
  requireMember(ctx, publisherName, { role: 'owner', evenRemoved: true })

/** As `requireOwner`; admins own everything. @throws PUBLISHER_FORBIDDEN, PUBLISHER_NOT_FOUND for an admin */
export async function requireOwnerOrAdmin(
  ctx: Ctx<AccountActor>,
  publisherName: string,
): Promise<PublisherRow> {
  if (ctx.actor.type !== 'admin') return requireOwner(ctx, publisherName)
  const found = await findPublisher(ctx.db, publisherName)
  const row = found && (await lockPublisher(ctx.db, found.id, 'update'))
  if (!row) throw new AppError('PUBLISHER_NOT_FOUND', { name: publisherName })
  return row
}

/**
 * Holds an active publisher to the end of the caller's transaction, so that it cannot be removed, nor its members changed, in
 * between; others may hold it, too. Order of locks: publisher, then extension, then version or submission.
 * @throws PUBLISHER_FORBIDDEN when it is removed
 */
export async function holdPublisher(
  ctx: Ctx,
  publisherId: string,
  which: { evenRemoved?: boolean } = {},
): Promise<PublisherRow> {
  const row = await lockPublisher(ctx.db, publisherId, 'share', which)
  if (!row) throw new AppError('PUBLISHER_FORBIDDEN', { publisher: publisherId })
  return row
}

/** What may be had of well-known names: by admins, who give them to whom they belong. */
const mayHave = (actor: Actor, name: string): boolean =>
  !isRouteName(name) && (actor.type === 'admin' || !isBrandName(name))

/** Whether somebody may be shown under a name that people would take for somebody else. */
export const mayShow = (actor: Actor, displayName: string): boolean =>
  actor.type === 'admin' || !isBrandName(displayName)

/**
 * Takes a name for the caller, who owns it from then on. Case and hyphens make no difference between names, and the names of
 * removed publishers are never given again.
 * @throws PUBLISHER_TAKEN, PUBLISHER_LIMIT
 */
export async function createPublisher(
  ctx: Ctx<AccountActor>,
  input: { name: string; displayName: string },
): Promise<PublisherRow> {
  refuseImpersonation(ctx.actor)
  const { name, displayName } = input
  if (!mayHave(ctx.actor, name) || !mayShow(ctx.actor, displayName)) {
    throw new AppError('PUBLISHER_TAKEN', { name })
  }
  await ctx.deps.limits.consume([['publisher:account', ctx.actor.userId]])
  return inTx(ctx, async (ctx) => {
    const owned = await countOwned(ctx.db, ctx.actor.userId)
    if (owned >= MAX_OWNED_PUBLISHERS) throw new AppError('PUBLISHER_LIMIT', { limit: MAX_OWNED_PUBLISHERS })
    await lockName(ctx.db, squash(name))
    if (await isNameTaken(ctx.db, squash(name))) throw new AppError('PUBLISHER_TAKEN', { name })
    const now = ctx.deps.clock.now()
    const publisher = await insertPublisher(ctx.db, {
      name,
      nameKey: name.toLowerCase(),
      displayName,
      createdAt: now,
      updatedAt: now,
    })
    const { userId } = ctx.actor
    await insertMember(ctx.db, {
      publisherId: publisher.id,
      userId,
      role: 'owner',
      acceptedAt: now,
      createdAt: now,
      updatedAt: now,
    })
    await recordExtensionEvent(ctx, {
      publisherId: publisher.id,
      type: 'publisher.created',
      after: { name, userId },
    })
    return publisher
  })
}
