import { newIdempotencyKey } from './client/idempotency.ts'
import type { Caller, CallOptions, Input, Output, StreamOptions, Subscriber } from './contract.ts'

/** Support tickets: of one's own, and for agents those of all. */
export class TicketsApi {
  readonly #call: Caller
  readonly #subscribe: Subscriber

  constructor(call: Caller, subscribe: Subscriber) {
    this.#call = call
    this.#subscribe = subscribe
  }

  /**
   * Opens a ticket. A priority above `normal` is for plans that allow it, and is lowered elsewhere. The same `idempotencyKey` is the same
   * ticket; without one, each call makes its own, so that a request that is tried again happens once.
   * @throws IDEMPOTENCY_CONFLICT, AUTH_RATE_LIMITED, AUTH_SESSION_ENDED
   */
  create(input: Input<'tickets.create'>, options?: CallOptions): Promise<Output<'tickets.create'>> {
    return this.#call('tickets.create', 'mutation', withKey(input), options)
  }

  /** One's tickets, newest first. */
  list(input?: Input<'tickets.list'>, options?: CallOptions): Promise<Output<'tickets.list'>> {
    return this.#call('tickets.list', 'query', input ?? {}, options)
  }

  /**
   * A ticket with the newest 100 messages, oldest first. Agents get what only the desk sees, too: notes and `desk`.
   * @throws NOT_FOUND
   */
  get(input: Input<'tickets.get'>, options?: CallOptions): Promise<Output<'tickets.get'>> {
    return this.#call('tickets.get', 'query', input, options)
  }

  /** The whole conversation, newest first, page by page. @throws NOT_FOUND */
  messages(input: Input<'tickets.messages'>, options?: CallOptions): Promise<Output<'tickets.messages'>> {
    return this.#call('tickets.messages', 'query', input, options)
  }

  /**
   * Answers. A customer's answer opens a waiting or solved ticket again; to one that is closed it opens a new one (`isFollowUp`).
   * @throws NOT_FOUND, TICKET_CLOSED (agents), TICKET_CONFLICT (`version`), TICKET_TRANSITION_INVALID (`status`), IDEMPOTENCY_CONFLICT,
   * AUTH_RATE_LIMITED
   */
  reply(input: Input<'tickets.reply'>, options?: CallOptions): Promise<Output<'tickets.reply'>> {
    return this.#call('tickets.reply', 'mutation', withKey(input), options)
  }

  /** @throws NOT_FOUND, TICKET_CLOSED, TICKET_CONFLICT, TICKET_TRANSITION_INVALID (it is solved already) */
  solve(input: Input<'tickets.solve'>, options?: CallOptions): Promise<Output<'tickets.solve'>> {
    return this.#call('tickets.solve', 'mutation', input, options)
  }

  /** Opens a ticket that waited, or was solved within 14 days. @throws NOT_FOUND, TICKET_CLOSED, TICKET_CONFLICT, TICKET_TRANSITION_INVALID */
  reopen(input: Input<'tickets.reopen'>, options?: CallOptions): Promise<Output<'tickets.reopen'>> {
    return this.#call('tickets.reopen', 'mutation', input, options)
  }

  /** Says how well one was helped, 1 to 5, while the ticket is solved. @throws NOT_FOUND, TICKET_NOT_SOLVED, TICKET_CLOSED */
  rate(input: Input<'tickets.rate'>, options?: CallOptions): Promise<Output<'tickets.rate'>> {
    return this.#call('tickets.rate', 'mutation', input, options)
  }

  /**
   * What happens to a ticket (all of it, then what comes), or without `id` to all of one's own (what comes); for agents to all there are.
   * A connection that breaks is made again; nothing is lost and nothing comes twice. Goes on until it is left.
   * @throws NOT_FOUND, STREAM_LIMIT, AUTH_SESSION_ENDED, ABORTED (`signal`), NETWORK (not reached for `reconnectForMs`)
   * @example
   * for await (const { type, message } of forge.tickets.onUpdate({ id })) if (message) show(message.html)
   */
  onUpdate(
    input: Pick<Input<'tickets.onUpdate'>, 'id'> = {},
    options?: StreamOptions,
  ): AsyncGenerator<Output<'tickets.onUpdate'>, void, undefined> {
    return this.#subscribe('tickets.onUpdate', input, options)
  }

  /** Agents: takes a ticket that nobody has. @throws NOT_FOUND, TICKET_CONFLICT (somebody was faster), TICKET_CLOSED */
  claim(input: Input<'tickets.claim'>, options?: CallOptions): Promise<Output<'tickets.claim'>> {
    return this.#call('tickets.claim', 'mutation', input, options)
  }

  /** Agents: gives a ticket to an agent, or (`null`) back to its queue. @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED */
  assign(input: Input<'tickets.assign'>, options?: CallOptions): Promise<Output<'tickets.assign'>> {
    return this.#call('tickets.assign', 'mutation', input, options)
  }

  /**
   * Agents: moves a ticket; `desk.choices` says where to. On hold asks for `reason` and `until`, pending for an answer (`body`, or one given
   * before).
   * @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED, TICKET_TRANSITION_INVALID
   */
  transition(
    input: Input<'tickets.transition'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.transition'>> {
    return this.#call('tickets.transition', 'mutation', input, options)
  }

  /** Agents. @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED */
  setPriority(
    input: Input<'tickets.setPriority'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.setPriority'>> {
    return this.#call('tickets.setPriority', 'mutation', input, options)
  }

  /** Agents: writes something that only agents see. It changes no state. @throws NOT_FOUND, IDEMPOTENCY_CONFLICT */
  note(input: Input<'tickets.note'>, options?: CallOptions): Promise<Output<'tickets.note'>> {
    return this.#call('tickets.note', 'mutation', withKey(input), options)
  }
}

const withKey = <I extends { idempotencyKey?: string | undefined }>(input: I): I => ({
  ...input,
  idempotencyKey: input.idempotencyKey ?? newIdempotencyKey(),
})
