import { writeAudit } from '../../../../audit.ts'
import type { AdminActor, Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { queueMail } from '../../../../mail/outbox.ts'
import { inTx } from '../../../../tx.ts'
import { closeExtensionCheckouts } from '../../../payments/service/close-checkouts.ts'
import { answerTickets } from '../../../support/service/answer.ts'
import { type Contact, findContact } from '../../../users/contact.ts'
import {
  countConcerned,
  type ExtensionRow,
  findExtension,
  isPublisherActive,
  lastTakedown,
  lockExtension,
  ownerIds,
  setExtension,
} from '../../queries/moderation.ts'
import { lockOpenReports } from '../../queries/reports.ts'
import { answerTakedownAppeal } from '../../queries/takedown-appeals.ts'
import { recordExtensionEvent } from '../history.ts'
import { forgetKillList } from '../kill-list.ts'
import { refreshListing } from '../listing.ts'
import { answerReport } from '../reports.ts'
import { rejectPending } from '../submissions/reject-pending.ts'

type AdminCtx = Ctx<AdminActor>

/** What a takedown means for people: who has it now, how many ever installed it, how many versions go. */
async function impactOf(ctx: Ctx, extension: ExtensionRow) {
  const { identifier, displayName, status, installs, downloads } = extension
  return {
    id: identifier,
    displayName,
    status,
    malicious: extension.maliciousAt !== null,
    takenDownAt: extension.takenDownAt,
    installs,
    downloads,
    ...(await countConcerned(ctx.db, extension.id)),
  }
}

/** What a takedown would mean, told before it. @throws EXTENSION_NOT_FOUND */
export async function takedownImpact(ctx: AdminCtx, { id }: { id: string }) {
  const extension = await findExtension(ctx.db, id)
  if (!extension) throw new AppError('EXTENSION_NOT_FOUND', { id })
  return impactOf(ctx, extension)
}

/** Tells each owner of the publisher. `once` makes a mail of this decision to one person unique. */
async function tellOwners(
  ctx: Ctx,
  extension: ExtensionRow,
  tell: (owner: Contact, once: string) => Promise<void>,
): Promise<void> {
  const at = ctx.deps.clock.now().toISOString()
  for (const userId of await ownerIds(ctx.db, extension.publisherId)) {
    await tell(await findContact(ctx.db, userId), `${extension.id}:${at}:${userId}`)
  }
}

async function lockAny(ctx: Ctx, id: string): Promise<ExtensionRow> {
  const extension = await lockExtension(ctx.db, id)
  if (!extension) throw new AppError('EXTENSION_NOT_FOUND', { id })
  return extension
}

/**
 * Takes an extension down: nothing of it is shown or given out any more. A harmful one goes onto the kill list, so that editors remove
 * it. Files and versions stay for half a year, so that a mistake can be undone (`restore`); also for one its author has removed, since people
 * still have it. Open reports of it are upheld, and the publisher's owners are told.
 * @throws EXTENSION_NOT_FOUND, EXTENSION_TAKEN_DOWN when it was, unless it becomes harmful by this
 */
export async function takedown(ctx: AdminCtx, input: { id: string; reason: string; malicious: boolean }) {
  return inTx(ctx, async (ctx) => {
    const before = await lockAny(ctx, input.id)
    const wasMalicious = before.maliciousAt !== null
    if (before.takenDownAt !== null && (wasMalicious || !input.malicious)) {
      throw new AppError('EXTENSION_TAKEN_DOWN', { id: before.identifier })
    }
    const now = ctx.deps.clock.now()
    const extension = await setExtension(ctx.db, before.id, {
      status: 'removed',
      takenDownAt: before.takenDownAt ?? now,
      maliciousAt: input.malicious ? now : null,
      removedAt: before.removedAt ?? now,
      removedReason: input.reason,
      featuredAt: null,
      updatedAt: now,
    })
    const impact = await impactOf(ctx, extension)
    const facts = { status: before.status, malicious: wasMalicious, removedReason: before.removedReason }
    await recordExtensionEvent(ctx, {
      publisherId: extension.publisherId,
      extensionId: extension.id,
      // One that was down already has become harmful: what it was before is on record.
      type: before.takenDownAt === null ? 'extension.taken_down' : 'extension.marked_malicious',
      reason: input.reason,
      before: { ...facts, removedAt: before.removedAt, featuredAt: before.featuredAt },
      after: { malicious: input.malicious, activeInstalls: impact.activeInstalls },
    })
    await writeAudit(ctx, {
      action: 'marketplace.takedown',
      subject: extension.id,
      reason: input.reason,
      before: facts,
      after: { malicious: input.malicious, activeInstalls: impact.activeInstalls },
    })
    await refreshListing(ctx, extension.id)
    await rejectPending(
      ctx,
      { identifier: extension.identifier },
      `The extension was taken down: ${input.reason}`,
    )
    await closeExtensionCheckouts(ctx, extension.id)
    const answer = `The extension was taken down: ${input.reason}`
    const reports = await lockOpenReports(ctx.db, extension.id)
    for (const report of reports) {
      await answerReport(ctx, report, { status: 'upheld', answer, extension: extension.identifier })
    }
    const { identifier } = extension
    const { reason, malicious } = input
    await tellOwners(ctx, extension, ({ name, email }, once) =>
      queueMail(ctx, {
        dedupeKey: `extension-taken-down:${once}`,
        to: email,
        template: 'extension-taken-down',
        data: { name, extension: identifier, reason, malicious },
      }),
    )
    ctx.afterCommit(() => forgetKillList(ctx.deps))
    await answerTickets(
      ctx,
      reports.map(({ ticketId }) => ({ ticketId, body: answer })),
    )
    return { ...impact, reportsUpheld: reports.length }
  })
}

/**
 * Undoes a takedown: the extension is as its versions say, and off the kill list. An open appeal is granted by it. One whose author, or whose
 * publisher, was removed stays removed.
 * @throws EXTENSION_NOT_FOUND, EXTENSION_NOT_TAKEN_DOWN
 */
export async function restore(ctx: AdminCtx, input: { id: string; reason: string }) {
  return inTx(ctx, async (ctx) => {
    // Publisher before extension: everybody locks in this order.
    const found = await findExtension(ctx.db, input.id)
    const isActive = found !== undefined && (await isPublisherActive(ctx.db, found.publisherId))
    const before = await lockAny(ctx, input.id)
    if (before.takenDownAt === null) throw new AppError('EXTENSION_NOT_TAKEN_DOWN', { id: before.identifier })
    const was = (await lastTakedown(ctx.db, before.id))?.before
    const stays = !isActive || was === undefined || was?.status === 'removed'
    const now = ctx.deps.clock.now()
    await setExtension(ctx.db, before.id, {
      takenDownAt: null,
      maliciousAt: null,
      ...(stays
        ? { removedReason: typeof was?.removedReason === 'string' ? was.removedReason : null }
        : { status: 'hidden', removedAt: null, removedReason: null }),
      updatedAt: now,
    })
    // Published again if it has a published version: some may have been withdrawn meanwhile.
    await refreshListing(ctx, before.id)
    const extension = await lockAny(ctx, input.id)
    const { status } = extension
    await recordExtensionEvent(ctx, {
      publisherId: extension.publisherId,
      extensionId: extension.id,
      type: 'extension.restored',
      reason: input.reason,
      before: { status: before.status, malicious: before.maliciousAt !== null },
      after: { status },
    })
    await writeAudit(ctx, {
      action: 'marketplace.restore',
      subject: extension.id,
      reason: input.reason,
      before: { malicious: before.maliciousAt !== null },
      after: { status },
    })
    const appeal = await answerTakedownAppeal(ctx.db, {
      extensionId: before.id,
      status: 'granted',
      answer: input.reason,
      decidedBy: ctx.actor.userId,
      now,
    })
    await tellOwners(ctx, extension, ({ name, email }, once) =>
      queueMail(ctx, {
        dedupeKey: `extension-restored:${once}`,
        to: email,
        template: 'extension-restored',
        data: {
          name,
          extension: extension.identifier,
          reason: input.reason,
          available: status === 'published',
        },
      }),
    )
    ctx.afterCommit(() => forgetKillList(ctx.deps))
    if (appeal) await answerTickets(ctx, [{ ticketId: appeal.ticketId, body: input.reason }])
    return impactOf(ctx, extension)
  })
}
