import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import {
  countMembers,
  deleteMember,
  lockPublishersOf,
  type MemberRow,
  membershipsOf,
  ownersWhoCanAct,
  updateMember,
} from '../queries/publisher-members.ts'
import { hasAnyExtension, type PublisherRow } from '../queries/publishers.ts'
import { recordExtensionEvent } from './history.ts'
import { tombstonePublisher } from './remove-publisher.ts'

/** Whether nobody could act for the publisher any more without this account. */
async function isSoleOwner(ctx: Ctx, member: MemberRow): Promise<boolean> {
  if (member.role !== 'owner') return false
  const owners = await ownersWhoCanAct(ctx.db, member.publisherId)
  return !owners.some((owner) => owner !== member.userId)
}

/** Whether anybody would miss it: users of its extensions, authors with packages on their way, other members. */
async function isMissed(ctx: Ctx, publisher: PublisherRow): Promise<boolean> {
  return (await hasAnyExtension(ctx.db, publisher.id)) || (await countMembers(ctx.db, publisher.id)) > 1
}

/**
 * Ends all memberships of an account that is being deleted, in that transaction. Publishers that nobody else owns go with it
 * when they are empty. With extensions or members in them they do not: thousands may rely on those, so the owner says first
 * who takes over, or removes them in so many words.
 * @throws PUBLISHER_SOLE_OWNER naming them
 */
export async function leavePublishers(ctx: Ctx, userId: string): Promise<void> {
  const publishers = new Map((await lockPublishersOf(ctx.db, [userId])).map((row) => [row.id, row]))
  const inTheWay: string[] = []
  for (const member of await membershipsOf(ctx.db, userId)) {
    const publisher = publishers.get(member.publisherId)
    if (publisher?.status !== 'active') {
      await deleteMember(ctx.db, member)
    } else if (!(await isSoleOwner(ctx, member))) {
      await end(ctx, member)
    } else if (await isMissed(ctx, publisher)) {
      inTheWay.push(publisher.name)
    } else {
      await tombstonePublisher(ctx, publisher, 'the account of its owner was deleted')
      await end(ctx, member)
    }
  }
  if (inTheWay.length > 0) throw new AppError('PUBLISHER_SOLE_OWNER', { publishers: inTheWay.sort() })
}

async function end(ctx: Ctx, member: MemberRow): Promise<void> {
  await deleteMember(ctx.db, member)
  await recordExtensionEvent(ctx, {
    publisherId: member.publisherId,
    type: 'publisher.member_removed',
    reason: 'the account was deleted',
    before: { userId: member.userId, role: member.role },
  })
}

/** Gives the memberships of one account to another, when both turn out to be one person's; the stronger role stays. */
export async function joinMemberships(ctx: Ctx, { from, to }: { from: string; to: string }): Promise<void> {
  await lockPublishersOf(ctx.db, [from, to])
  const own = new Map((await membershipsOf(ctx.db, to)).map((member) => [member.publisherId, member]))
  const now = ctx.deps.clock.now()
  for (const member of await membershipsOf(ctx.db, from)) {
    const known = own.get(member.publisherId)
    if (!known) {
      await updateMember(ctx.db, member, { userId: to, updatedAt: now })
    } else {
      await deleteMember(ctx.db, member)
      if (member.role === 'owner') await updateMember(ctx.db, known, { role: 'owner', updatedAt: now })
    }
    await recordExtensionEvent(ctx, {
      publisherId: member.publisherId,
      type: 'publisher.member_joined',
      reason: 'two accounts of one mail address were joined',
      before: { userId: from, role: member.role },
      after: { userId: to, role: member.role === 'owner' ? 'owner' : (known?.role ?? member.role) },
    })
  }
}
