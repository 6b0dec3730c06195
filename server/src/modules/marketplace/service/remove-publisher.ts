import type { Ctx, SessionActor } from '../../../context.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { extensionIdsOf } from '../queries/publisher-domains.ts'
import { ownerContacts } from '../queries/publisher-members.ts'
import { type PublisherRow, updatePublisherRow } from '../queries/publishers.ts'
import { recordExtensionEvent } from './history.ts'
import { tombstoneExtension } from './manage-extension.ts'
import { requireOwnerOrAdmin } from './publishers.ts'
import { rejectPending } from './submissions/reject-pending.ts'

/**
 * Makes a tombstone of a publisher, whose row the caller's transaction holds for update: nobody publishes under it any more,
 * now or ever, and its extensions are removed with it. What waited to be published is rejected.
 * @returns how many extensions were removed
 */
export async function tombstonePublisher(ctx: Ctx, publisher: PublisherRow, reason: string): Promise<number> {
  const now = ctx.deps.clock.now()
  const ids = await extensionIdsOf(ctx.db, publisher.id)
  for (const id of ids) await tombstoneExtension(ctx, { id, publisherId: publisher.id }, reason)
  // Of first versions, whose extensions do not exist yet.
  await rejectPending(ctx, { publisherId: publisher.id }, 'The publisher was removed.')
  await updatePublisherRow(ctx.db, publisher.id, {
    status: 'removed',
    removedAt: now,
    removedReason: reason,
    // The domain is free for another publisher.
    domainVerifiedAt: null,
    domainMissingSince: null,
    updatedAt: now,
  })
  await recordExtensionEvent(ctx, {
    publisherId: publisher.id,
    type: 'publisher.removed',
    reason,
    before: { extensions: ids.length },
  })
  return ids.length
}

/**
 * Removes a publisher with all its extensions, for good: its name and theirs are never given to anybody again.
 * @throws PUBLISHER_FORBIDDEN
 */
export async function removePublisher(ctx: Ctx<SessionActor>, input: { publisher: string; reason: string }) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const publisher = await requireOwnerOrAdmin(ctx, input.publisher)
    const owners = await ownerContacts(ctx.db, publisher.id)
    const removed = await tombstonePublisher(ctx, publisher, input.reason)
    for (const owner of owners) {
      await queueMail(ctx, {
        dedupeKey: `publisher-removed:${publisher.id}:${owner.userId}`,
        to: owner.email,
        template: 'publisher-removed',
        data: { name: owner.name, publisher: publisher.name, reason: input.reason },
      })
    }
    return { removed: true, extensions: removed }
  })
}
