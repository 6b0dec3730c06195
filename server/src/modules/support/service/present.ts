import { addMs, DAY } from '../../../clock.ts'
import { renderMarkdown } from '../../../markdown/render.ts'
import type { AuthoredMessage } from '../queries/messages.ts'
import type { ListedRow, QueueRow } from '../queries/queue.ts'
import type { PeopledTicket } from '../queries/tickets.ts'
import type { Clock } from '../sla/clocks.ts'
import { choices } from '../transitions.ts'
import { presentAttachment } from './attachments/present.ts'
import { REOPEN_DAYS } from './move.ts'

function waitingFor(ticket: ListedRow): 'support' | 'customer' | null {
  switch (ticket.status) {
    case 'new':
    case 'open':
    case 'on_hold':
      return 'support'
    case 'pending':
      return 'customer'
    case 'solved':
    case 'closed':
      return null
  }
}

/** A ticket as its customer sees it. */
export function presentTicket(ticket: ListedRow) {
  return {
    id: ticket.id,
    number: ticket.number,
    subject: ticket.subject,
    category: ticket.category,
    priority: ticket.priority,
    status: ticket.status,
    source: ticket.source,
    version: ticket.version,
    waitingFor: waitingFor(ticket),
    mergedIntoId: ticket.mergedIntoId,
    followUpOfId: ticket.followUpOfId,
    rating:
      ticket.satisfactionScore === null
        ? null
        : { score: ticket.satisfactionScore, comment: ticket.satisfactionComment },
    reopenableUntil:
      ticket.status === 'solved' && ticket.lastSolvedAt !== null
        ? addMs(ticket.lastSolvedAt, REOPEN_DAYS * DAY)
        : null,
    solvedAt: ticket.status === 'solved' || ticket.status === 'closed' ? ticket.lastSolvedAt : null,
    closedAt: ticket.closedAt,
    createdAt: ticket.createdAt,
    updatedAt: ticket.updatedAt,
  }
}

/** The same with what the desk sees of it in lists. */
export function presentListed({
  ticket,
  requesterName,
  requesterEmail,
  assigneeName,
}: Omit<QueueRow, 'preview'>) {
  return {
    ...presentTicket(ticket),
    desk: {
      requester: { id: ticket.requesterId, name: requesterName, email: requesterEmail, plan: ticket.plan },
      queueId: ticket.queueId,
      assignee: ticket.assigneeId === null ? null : { id: ticket.assigneeId, name: assigneeName ?? '' },
      tags: ticket.tags,
      skills: ticket.skills,
      holdReason: ticket.holdReason,
      holdUntil: ticket.holdUntil,
      waitingSince: ticket.waitingSince,
      firstAssignedAt: ticket.firstAssignedAt,
      firstResponseAt: ticket.firstResponseAt,
      lastCustomerMessageAt: ticket.lastCustomerMessageAt,
      lastAgentMessageAt: ticket.lastAgentMessageAt,
      reopenCount: ticket.reopenCount,
      sla: {
        firstResponseDueAt: ticket.firstResponseDueAt,
        nextResponseDueAt: ticket.nextResponseDueAt,
        resolutionDueAt: ticket.resolutionDueAt,
        nextDueAt: ticket.nextDueAt,
        breached: ticket.breached,
      },
      splitFromId: ticket.splitFromId,
    },
  }
}

/** The same with all that only the desk sees. The clocks are of `clockReader`. */
export function presentDesk(found: PeopledTicket, clocks: Clock[]) {
  const { desk, ...ticket } = presentListed(found)
  return {
    ...ticket,
    desk: {
      ...desk,
      sla: { ...desk.sla, clocks: clocks.map(presentClock) },
      choices: choices(ticket.status, 'agent'),
    },
  }
}

const presentClock = ({ startedAt, endedAt, dueAt, ...clock }: Clock) => ({
  ...clock,
  startedAt: new Date(startedAt),
  endedAt: endedAt === null ? null : new Date(endedAt),
  dueAt: dueAt === null ? null : new Date(dueAt),
})

/**
 * What people wrote, for whoever shows it. A picture from elsewhere would tell its sender when, and from where, it is read; and a path is one
 * of ours in our pages only: in an editor `/Applications/…` is a program on the machine of whoever clicks.
 */
export const messageHtml = (body: string): string =>
  renderMarkdown(body, { remoteImages: false, ownPaths: false })

export function presentMessage({ message, authorName, attachments }: AuthoredMessage) {
  return {
    id: message.id,
    kind: message.kind,
    // Of a mail that became a note the author is known, and not proven.
    author: {
      type: message.authorType,
      name: message.authorType === 'system' ? 'Dev Forge' : (authorName ?? 'Dev Forge'),
    },
    body: message.body,
    html: messageHtml(message.body),
    source: message.source,
    isAuto: message.isAuto,
    attachments: attachments.map(presentAttachment),
    createdAt: message.createdAt,
  }
}
