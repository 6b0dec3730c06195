import type { AccountActor, Ctx, SessionActor } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { type Contact, ensureUserByEmail, findContact } from '../../users/contact.ts'
import {
  countMembers,
  deleteMember,
  findMember,
  insertMember,
  listMembers,
  type MemberRow,
  ownersWhoCanAct,
  updateMember,
} from '../queries/publisher-members.ts'
import type { PublisherRole, PublisherRow } from '../queries/publishers.ts'
import { recordExtensionEvent } from './history.ts'
import { requireMember, requireOwner } from './publishers.ts'

/** As many as one page of the list holds. */
const MAX_MEMBERS = 100

interface Whom {
  userId?: string | undefined
  email?: string | undefined
}

/**
 * A member as other members see them. Of somebody who was added by address and has not been here yet, nothing is shown but
 * what was typed: not even the id, whose time would tell a new account from an old one.
 */
function presentMember(ctx: Ctx<AccountActor>, member: MemberRow, name: string) {
  const isKnown = member.acceptedAt !== null || member.invitedEmail === null
  return {
    userId: isKnown ? member.userId : null,
    name: member.acceptedAt === null ? null : name,
    email: member.invitedEmail,
    role: member.role,
    acceptedAt: member.acceptedAt,
    addedAt: member.createdAt,
    you: member.userId === ctx.actor.userId,
  }
}

/** Who may publish under a name; for its members only. @throws PUBLISHER_FORBIDDEN */
export async function members(
  ctx: Ctx<AccountActor>,
  input: { publisher: string; cursor?: string | undefined; limit: number },
) {
  const publisher = await requireMember(ctx, input.publisher)
  const rows = await listMembers(ctx.db, publisher.id)
  const from = /^\d{1,4}$/.test(input.cursor ?? '') ? Number(input.cursor) : 0
  const to = from + input.limit
  return {
    items: rows.slice(from, to).map(({ member, name }) => presentMember(ctx, member, name)),
    nextCursor: to < rows.length ? String(to) : null,
  }
}

/** Whom an owner means. An address without an account gets one that waits for whoever proves the address. */
async function personOf(ctx: Ctx, { userId, email }: Whom): Promise<Contact> {
  return userId === undefined ? ensureUserByEmail(ctx, email ?? '') : findContact(ctx.db, userId)
}

/** @throws PUBLISHER_LAST_OWNER when nobody else who can act owns it. The publisher's row must be held for update. */
async function assertNotLastOwner(ctx: Ctx, publisher: PublisherRow, userId: string): Promise<void> {
  const owners = await ownersWhoCanAct(ctx.db, publisher.id)
  if (!owners.some((owner) => owner !== userId)) throw new AppError('PUBLISHER_LAST_OWNER')
}

/**
 * Lets somebody publish under a name, or changes what a member may do. The answer is the same whether or not the address has
 * an account; a mail tells them.
 * @throws PUBLISHER_FORBIDDEN, PUBLISHER_LAST_OWNER, PUBLISHER_MEMBER_LIMIT, NOT_FOUND for an unknown user id
 */
export async function addMember(
  ctx: Ctx<SessionActor>,
  input: Whom & { publisher: string; role: PublisherRole },
) {
  refuseImpersonation(ctx.actor)
  await ctx.deps.limits.consume([['member:account', ctx.actor.userId]])
  return inTx(ctx, async (ctx) => {
    const publisher = await requireOwner(ctx, input.publisher)
    const known = input.email === undefined ? undefined : await findMember(ctx.db, publisher.id, input)
    const person = known ? await findContact(ctx.db, known.userId) : await personOf(ctx, input)
    const member = known ?? (await findMember(ctx.db, publisher.id, { userId: person.userId }))
    if (member) return changeRole(ctx, { publisher, member, person, role: input.role })
    if ((await countMembers(ctx.db, publisher.id)) >= MAX_MEMBERS) {
      throw new AppError('PUBLISHER_MEMBER_LIMIT', { limit: MAX_MEMBERS })
    }
    const now = ctx.deps.clock.now()
    const added = await insertMember(ctx.db, {
      publisherId: publisher.id,
      userId: person.userId,
      role: input.role,
      invitedEmail: input.email ?? null,
      createdAt: now,
      updatedAt: now,
    })
    await recordExtensionEvent(ctx, {
      publisherId: publisher.id,
      type: 'publisher.member_added',
      after: { userId: person.userId, role: input.role },
    })
    await queueMail(ctx, {
      dedupeKey: `publisher-member-added:${publisher.id}:${person.userId}:${now.toISOString()}`,
      // The address of the account when it was found by its id; else the one that was typed.
      to: input.email ?? person.email,
      template: 'publisher-member-added',
      data: { publisher: publisher.name, role: input.role },
    })
    return presentMember(ctx, added, person.name)
  })
}

async function changeRole(
  ctx: Ctx<SessionActor>,
  change: { publisher: PublisherRow; member: MemberRow; person: Contact; role: PublisherRole },
) {
  const { publisher, member, person, role } = change
  if (member.role === role) return presentMember(ctx, member, person.name)
  if (member.role === 'owner') await assertNotLastOwner(ctx, publisher, member.userId)
  const now = ctx.deps.clock.now()
  const changed = await updateMember(ctx.db, member, { role, updatedAt: now })
  await recordExtensionEvent(ctx, {
    publisherId: publisher.id,
    type: 'publisher.member_changed',
    before: { userId: member.userId, role: member.role },
    after: { userId: member.userId, role },
  })
  return presentMember(ctx, changed ?? member, person.name)
}

/**
 * Ends somebody's membership: owners anybody's, others their own. Removing who is no member changes nothing.
 * @throws PUBLISHER_FORBIDDEN, PUBLISHER_LAST_OWNER
 */
export async function removeMember(ctx: Ctx<SessionActor>, input: Whom & { publisher: string }) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const leaves = input.userId === ctx.actor.userId
    const publisher = leaves
      ? await requireMember(ctx, input.publisher, { lock: 'update' })
      : await requireOwner(ctx, input.publisher)
    const member = await findMember(ctx.db, publisher.id, input)
    if (!member) return { removed: false }
    if (member.role === 'owner') await assertNotLastOwner(ctx, publisher, member.userId)
    await deleteMember(ctx.db, member)
    await recordExtensionEvent(ctx, {
      publisherId: publisher.id,
      type: 'publisher.member_removed',
      before: { userId: member.userId, role: member.role },
    })
    return { removed: true }
  })
}
