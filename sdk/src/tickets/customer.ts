import type { Caller, CallOptions, Input, Output, StreamOptions, Subscriber } from '../contract.ts'
import { keyed, methodsOf } from './methods.ts'

/** Tickets of one's own; agents reach those of others with the same methods. */
export interface CustomerApi {
  /**
   * Opens a ticket. A priority above `normal` is for plans that allow it, and is lowered elsewhere. The same `idempotencyKey` is the same
   * ticket; without one, each call makes its own, so that a request that is tried again happens once. `links` are one's own license and
   * payment, and an extension; `diagnostics` come from `@devforge/sdk/support`, and are shown to the person before.
   * @throws NOT_FOUND (something linked, an attachment), IDEMPOTENCY_CONFLICT, AUTH_RATE_LIMITED, AUTH_SESSION_ENDED
   */
  create(input: Input<'tickets.create'>, options?: CallOptions): Promise<Output<'tickets.create'>>

  /** One's tickets, newest first. */
  list(input?: Input<'tickets.list'>, options?: CallOptions): Promise<Output<'tickets.list'>>

  /**
   * A ticket with the newest 100 messages, oldest first. Agents get what only the desk sees, too: notes and `desk`.
   * @throws NOT_FOUND
   */
  get(input: Input<'tickets.get'>, options?: CallOptions): Promise<Output<'tickets.get'>>

  /** The whole conversation, newest first, page by page. @throws NOT_FOUND */
  messages(input: Input<'tickets.messages'>, options?: CallOptions): Promise<Output<'tickets.messages'>>

  /**
   * Answers. A customer's answer opens a waiting or solved ticket again; to one that is closed it opens a new one (`isFollowUp`).
   * @throws NOT_FOUND, TICKET_CLOSED (agents), TICKET_CONFLICT (`version`), TICKET_TRANSITION_INVALID (`status`), IDEMPOTENCY_CONFLICT,
   * AUTH_RATE_LIMITED
   */
  reply(input: Input<'tickets.reply'>, options?: CallOptions): Promise<Output<'tickets.reply'>>

  /** @throws NOT_FOUND, TICKET_CLOSED, TICKET_CONFLICT, TICKET_TRANSITION_INVALID (it is solved already) */
  solve(input: Input<'tickets.solve'>, options?: CallOptions): Promise<Output<'tickets.solve'>>

  /** Opens a ticket that waited, or was solved within 14 days. @throws NOT_FOUND, TICKET_CLOSED, TICKET_CONFLICT, TICKET_TRANSITION_INVALID */
  reopen(input: Input<'tickets.reopen'>, options?: CallOptions): Promise<Output<'tickets.reopen'>>

  /**
   * Says what the publisher of the linked extension may see of a ticket: `messages`, `diagnostics`, `contact`. With any of them also its
   * subject and the installed version; with none the publisher loses sight of it at once.
   * @throws NOT_FOUND, TICKET_WITHOUT_EXTENSION
   */
  share(input: Input<'tickets.share'>, options?: CallOptions): Promise<Output<'tickets.share'>>

  /** Says how well one was helped, 1 to 5, while the ticket is solved. @throws NOT_FOUND, TICKET_NOT_SOLVED, TICKET_CLOSED */
  rate(input: Input<'tickets.rate'>, options?: CallOptions): Promise<Output<'tickets.rate'>>

  /**
   * What happens to a ticket (all of it, then what comes), or without `id` to all of one's own (what comes); for agents to all there are.
   * A connection that breaks is made again; nothing is lost and nothing comes twice. Goes on until it is left.
   * @throws NOT_FOUND, STREAM_LIMIT, AUTH_SESSION_ENDED, ABORTED (`signal`), NETWORK (not reached for `reconnectForMs`)
   * @example
   * for await (const { type, message } of forge.tickets.onUpdate({ id })) if (message) show(message.html)
   */
  onUpdate(
    input?: Pick<Input<'tickets.onUpdate'>, 'id'>,
    options?: StreamOptions,
  ): AsyncGenerator<Output<'tickets.onUpdate'>, void, undefined>
}

type Keyed = 'create' | 'reply'

export const customerApi = (call: Caller, subscribe: Subscriber): CustomerApi => ({
  onUpdate: (input = {}, options) => subscribe('tickets.onUpdate', input, options),
  ...methodsOf<Pick<CustomerApi, Keyed>>(keyed(call), { create: 'mutation', reply: 'mutation' }),
  ...methodsOf<Omit<CustomerApi, Keyed>>(call, {
    list: 'query',
    get: 'query',
    messages: 'query',
    solve: 'mutation',
    reopen: 'mutation',
    share: 'mutation',
    rate: 'mutation',
  }),
})
