import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { keyed, methodsOf } from './methods.ts'

/** Tickets about extensions, as their publishers see them: as much as the customer shares. */
export interface PublisherTicketsApi {
  /** Newest first. @throws PUBLISHER_FORBIDDEN */
  publisherQueue(
    input: Input<'tickets.publisherQueue'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.publisherQueue'>>

  /** @throws NOT_FOUND, also once it is not shared any more */
  publisherTicket(
    input: Input<'tickets.publisherTicket'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.publisherTicket'>>

  /** Answers in public, as the publisher. @throws NOT_FOUND, TICKET_CLOSED, IDEMPOTENCY_CONFLICT, AUTH_RATE_LIMITED */
  publisherReply(
    input: Input<'tickets.publisherReply'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.publisherReply'>>
}

export const publisherTicketsApi = (call: Caller): PublisherTicketsApi => ({
  ...methodsOf<Pick<PublisherTicketsApi, 'publisherReply'>>(keyed(call), { publisherReply: 'mutation' }),
  ...methodsOf<Omit<PublisherTicketsApi, 'publisherReply'>>(call, {
    publisherQueue: 'query',
    publisherTicket: 'query',
  }),
})
