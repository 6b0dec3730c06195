import type { Db } from '@devforge/db'
import type { AccountActor, Actor, Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { isBrandName, isRouteName, squash } from '../publisher-names.ts'
import {
  countOwned,
  findOwnPublisher,
  findPublisherRow,
  insertMember,
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
 * never was answer alike. Inside a transaction that changes something, follow it with `holdPublisher`.
 * @throws PUBLISHER_FORBIDDEN
 */
export async function requireMember(
  ctx: Ctx<AccountActor>,
  publisherName: string,
  { role }: { role?: PublisherRole } = {},
): Promise<PublisherRow> {
  const own = await findOwnPublisher(ctx.db, { name: publisherName, userId: ctx.actor.userId })
  if (!own || (role === 'owner' && own.role !== 'owner')) {
    throw new AppError('PUBLISHER_FORBIDDEN', { publisher: publisherName })
  }
  return own.publisher
}

/**
 * Holds an active publisher to the end of the caller's transaction, so that it cannot be removed, nor its members changed, in
 * between; others may hold it, too. Order of locks: publisher, then extension, then version or submission.
 * @throws PUBLISHER_FORBIDDEN when it is removed
 */
export async function holdPublisher(ctx: Ctx, publisherId: string): Promise<PublisherRow> {
  const row = await lockPublisher(ctx.db, publisherId, 'share')
  if (!row) throw new AppError('PUBLISHER_FORBIDDEN', { publisher: publisherId })
  return row
}

/** What may be had of well-known names: by admins, who give them to whom they belong. */
const mayHave = (actor: Actor, name: string): boolean =>
  !isRouteName(name) && (actor.type === 'admin' || !isBrandName(name))

/**
 * Takes a name for the caller, who owns it from then on. Case and hyphens make no difference between names, and the names of
 * removed publishers are never given again.
 * @throws PUBLISHER_TAKEN, PUBLISHER_LIMIT
 */
export async function createPublisher(
  ctx: Ctx<AccountActor>,
  input: { name: string; displayName: string },
): Promise<PublisherRow> {
  const { name, displayName } = input
  if (!mayHave(ctx.actor, name)) throw new AppError('PUBLISHER_TAKEN', { name })
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
