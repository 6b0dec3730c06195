import { sessionProcedure } from '../../../trpc.ts'
import * as s from '../schemas/publisher.ts'
import { publisherQueue, publisherReply, publisherTicket } from '../service/publisher.ts'

/** What publishers see of tickets about their extensions: as much as the customer shares. */
export const publisherProcedures = {
  publisherQueue: sessionProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/publishers/{publisher}/tickets',
        summary: 'List tickets about extensions of a publisher',
      },
    })
    .input(s.publisherQueueInput)
    .output(s.publisherQueueOutput)
    .query(({ ctx, input }) => publisherQueue(ctx, input)),
  publisherTicket: sessionProcedure
    .meta({
      openapi: { method: 'GET', path: '/publisher-tickets/{id}', summary: 'Read a ticket as the publisher' },
    })
    .input(s.publisherTicketInput)
    .output(s.publisherTicketOutput)
    .query(({ ctx, input }) => publisherTicket(ctx, input)),
  publisherReply: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/publisher-tickets/{id}/messages',
        summary: 'Answer a ticket as the publisher',
      },
    })
    .input(s.publisherReplyInput)
    .output(s.publisherReplyOutput)
    .mutation(({ ctx, input }) => publisherReply(ctx, input)),
}
