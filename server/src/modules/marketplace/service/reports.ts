import { newId } from '@devforge/db'
import { writeAudit } from '../../../audit.ts'
import type { AdminActor, Ctx, SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { inTx } from '../../../tx.ts'
import { toPage } from '../../../wire.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { answerTickets } from '../../support/service/answer.ts'
import { openTicket } from '../../support/service/create.ts'
import { findContact } from '../../users/contact.ts'
import { holdAccount } from '../queries/ratings.ts'
import {
  closeReport,
  fileReport,
  findReportable,
  type ListedReport,
  lockReport,
  pageReports,
  type ReportCategory,
  type ReportRow,
} from '../queries/reports.ts'
import { recordExtensionEvent } from './history.ts'

/**
 * Reports an extension to the moderators, in a ticket of its own, where the decision will be told. While one's report is open, a second one
 * answers with the first. The publisher sees nothing of either.
 */
export async function reportAbuse(
  ctx: Ctx<SessionActor>,
  input: { id: string; category: ReportCategory; text: string },
) {
  refuseImpersonation(ctx.actor)
  await ctx.deps.limits.consume([['report:account', ctx.actor.userId]])
  return inTx(ctx, async (ctx) => {
    if (!(await holdAccount(ctx.db, ctx.actor.userId))) throw new AppError('AUTH_SESSION_ENDED')
    const extension = await findReportable(ctx.db, input.id)
    if (!extension) throw new AppError('EXTENSION_NOT_FOUND', { id: input.id })
    const { category, text } = input
    const { userId } = ctx.actor
    const { report, isNew } = await fileReport(ctx.db, {
      extensionId: extension.id,
      userId,
      category,
      text,
      ticketId: newId('tkt'),
      now: ctx.deps.clock.now(),
    })
    if (isNew) {
      await recordExtensionEvent(ctx, {
        publisherId: extension.publisherId,
        extensionId: extension.id,
        type: 'report.opened',
        cause: report.id,
        // Whose report it is stays between them and the moderators: this history is the publisher's, too.
        after: { category },
      })
      await openTicket(ctx, {
        id: report.ticketId ?? undefined,
        requesterId: userId,
        subject: `Report: ${extension.identifier} (${category})`,
        body: text,
        category: 'extension',
        source: 'api',
        links: [{ kind: 'extension', targetId: extension.identifier }],
      })
    }
    return {
      id: report.id,
      extension: extension.identifier,
      status: report.status,
      ticketId: report.ticketId,
      createdAt: report.createdAt,
    }
  })
}

function presentReport({ report, extension, extensionStatus, reporter }: ListedReport) {
  return {
    id: report.id,
    extension,
    extensionStatus,
    reporter: { id: report.userId, name: reporter },
    category: report.category,
    text: report.text,
    status: report.status,
    answer: report.answer,
    decidedAt: report.decidedAt,
    ticketId: report.ticketId,
    createdAt: report.createdAt,
  }
}

export interface ReportsInput {
  status?: ReportRow['status'] | undefined
  extension?: string | undefined
  cursor?: string | undefined
  limit: number
}

/** Reports of abuse for moderators, newest first. */
export async function listReports(ctx: Ctx<AdminActor>, input: ReportsInput) {
  return toPage(await pageReports(ctx.db, input), input.limit, presentReport)
}

/**
 * Closes a locked report and mails the answer to whoever wrote it, if the account is still there. The ticket is the caller's to answer, after
 * all that it locks.
 */
export async function answerReport(
  ctx: Ctx<AdminActor>,
  report: ReportRow,
  { extension, ...decision }: { status: 'upheld' | 'dismissed'; answer: string; extension: string },
): Promise<ReportRow> {
  const { userId } = ctx.actor
  const closed = await closeReport(ctx.db, report.id, {
    ...decision,
    decidedBy: userId,
    now: ctx.deps.clock.now(),
  })
  if (await holdAccount(ctx.db, report.userId)) {
    const { name, email } = await findContact(ctx.db, report.userId)
    await queueMail(ctx, {
      dedupeKey: `abuse-report-decided:${report.id}`,
      to: email,
      template: 'abuse-report-decided',
      data: { name, extension, upheld: decision.status === 'upheld', answer: decision.answer },
    })
  }
  return closed
}

/**
 * Decides one report and tells its author. An upheld one does nothing to the extension by itself: `takedown` does, and upholds all
 * open reports of it.
 * @throws NOT_FOUND, REPORT_DECIDED
 */
export async function decideReport(
  ctx: Ctx<AdminActor>,
  input: { reportId: string; decision: 'upheld' | 'dismissed'; answer: string },
) {
  return inTx(ctx, async (ctx) => {
    const found = await lockReport(ctx.db, input.reportId)
    if (!found) throw notFound('report', input.reportId)
    const { report, extension, publisherId } = found
    if (report.status !== 'open') throw new AppError('REPORT_DECIDED', { status: report.status })
    const closed = await answerReport(ctx, report, {
      status: input.decision,
      answer: input.answer,
      extension,
    })
    await recordExtensionEvent(ctx, {
      publisherId,
      extensionId: report.extensionId,
      type: `report.${input.decision}`,
      cause: report.id,
    })
    await writeAudit(ctx, {
      action: 'marketplace.report_decided',
      subject: report.id,
      reason: input.answer,
      after: { status: input.decision },
    })
    await answerTickets(ctx, [{ ticketId: closed.ticketId, body: input.answer }])
    return { id: closed.id, status: closed.status, answer: input.answer, decidedAt: ctx.deps.clock.now() }
  })
}
