import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { extensionsForSupport } from '../../marketplace/service/desk.ts'
import { listLinks } from '../queries/links.ts'
import type { TicketRow } from '../queries/tickets.ts'
import { countChange } from './decide.ts'
import { holdTicket, saveTicket } from './save.ts'

type Share = TicketRow['publisherShare']

/**
 * The customer says what the publisher of the extension may see: more, less, or nothing any more, which counts at once. Also when the
 * ticket is closed.
 * @throws NOT_FOUND, TICKET_WITHOUT_EXTENSION
 */
export async function shareTicket(ctx: Ctx<SessionActor>, { id, share }: { id: string; share: Share }) {
  // Nobody gives away what is somebody else's.
  refuseImpersonation(ctx.actor)
  await countChange(ctx)
  return inTx(ctx, async (ctx) => {
    const ticket = await holdTicket(ctx, { id, requesterId: ctx.actor.userId })
    const publisherId = share.length > 0 ? (ticket.publisherId ?? (await publisherOf(ctx, id))) : null
    const patch = { publisherId, publisherShare: share }
    const { version, publisherShare } = await saveTicket(ctx, ticket, patch, [
      {
        type: 'share.changed',
        isPublic: true,
        before: { share: ticket.publisherShare },
        after: { share },
      },
    ])
    return { id, version, sharedWithPublisher: publisherShare }
  })
}

async function publisherOf(ctx: Ctx, ticketId: string): Promise<string> {
  const [link] = await listLinks(ctx.db, ticketId, 'extension')
  const [extension] = link ? await extensionsForSupport(ctx, [link.targetId]) : []
  if (!extension) throw new AppError('TICKET_WITHOUT_EXTENSION', { id: ticketId })
  return extension.publisherId
}
