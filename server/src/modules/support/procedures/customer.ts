import { sequenceOf } from '../../../realtime/wire.ts'
import { sessionProcedure } from '../../../trpc.ts'
import { attachmentInput, attachmentUrlOutput } from '../schemas/attachments.ts'
import { shareInput, shareOutput } from '../schemas/publisher.ts'
import * as s from '../schemas/tickets.ts'
import { onUpdateInput, onUpdateOutput } from '../schemas/watch.ts'
import { createInput, getInput, getOutput } from '../schemas/whole.ts'
import { attachmentUrl } from '../service/attachments/download.ts'
import { createTicket } from '../service/create.ts'
import { rate, reopen, solve } from '../service/decide.ts'
import { getTicket, listOwnTickets, pageMessages } from '../service/read.ts'
import { reply } from '../service/reply.ts'
import { shareTicket } from '../service/share.ts'
import { watchTickets } from '../service/watch.ts'

/** What customers do with their tickets; agents with those of others, too. */
export const customerProcedures = {
  create: sessionProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets', summary: 'Open a ticket' } })
    .input(createInput)
    .output(s.ticketSchema)
    .mutation(({ ctx, input }) => createTicket(ctx, input)),
  list: sessionProcedure
    .meta({ openapi: { method: 'GET', path: '/tickets', summary: 'List your tickets' } })
    .input(s.listInput)
    .output(s.listOutput)
    .query(({ ctx, input }) => listOwnTickets(ctx, input)),
  get: sessionProcedure
    .meta({ openapi: { method: 'GET', path: '/tickets/{id}', summary: 'Read a ticket' } })
    .input(getInput)
    .output(getOutput)
    .query(({ ctx, input }) => getTicket(ctx, input)),
  messages: sessionProcedure
    .meta({
      openapi: { method: 'GET', path: '/tickets/{id}/messages', summary: 'Page through a conversation' },
    })
    .input(s.messagesInput)
    .output(s.messagesOutput)
    .query(({ ctx, input }) => pageMessages(ctx, input)),
  reply: sessionProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets/{id}/messages', summary: 'Answer a ticket' } })
    .input(s.replyInput)
    .output(s.replyOutput)
    .mutation(({ ctx, input }) => reply(ctx, input)),
  solve: sessionProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets/{id}/solve', summary: 'Solve a ticket' } })
    .input(s.changeInput)
    .output(s.ticketSchema)
    .mutation(({ ctx, input }) => solve(ctx, input)),
  reopen: sessionProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets/{id}/reopen', summary: 'Open a ticket again' } })
    .input(s.reopenInput)
    .output(s.ticketSchema)
    .mutation(({ ctx, input }) => reopen(ctx, input)),
  rate: sessionProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets/{id}/rating', summary: 'Rate how you were helped' } })
    .input(s.rateInput)
    .output(s.ticketSchema)
    .mutation(({ ctx, input }) => rate(ctx, input)),
  attachment: sessionProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/tickets/attachments/{id}',
        summary: 'Get a short-lived address of a file',
      },
    })
    .input(attachmentInput)
    .output(attachmentUrlOutput)
    .query(({ ctx, input }) => attachmentUrl(ctx, input)),
  share: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/tickets/{id}/share',
        summary: 'Say what the publisher of the extension may see',
      },
    })
    .input(shareInput)
    .output(shareOutput)
    .mutation(({ ctx, input }) => shareTicket(ctx, input)),
  onUpdate: sessionProcedure
    .input(onUpdateInput)
    .output(onUpdateOutput)
    .subscription(({ ctx, input, signal }) =>
      watchTickets(
        ctx,
        { id: input.id, after: input.lastEventId === undefined ? undefined : sequenceOf(input.lastEventId) },
        signal,
      ),
    ),
}
