import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { keyed, methodsOf } from './methods.ts'

/** What agents do with tickets. */
export interface DeskApi {
  /** Agents: takes a ticket that nobody has. @throws NOT_FOUND, TICKET_CONFLICT (somebody was faster), TICKET_CLOSED */
  claim(input: Input<'tickets.claim'>, options?: CallOptions): Promise<Output<'tickets.claim'>>

  /** Agents: gives a ticket to an agent, or (`null`) back to its queue. @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED */
  assign(input: Input<'tickets.assign'>, options?: CallOptions): Promise<Output<'tickets.assign'>>

  /**
   * Agents: moves a ticket; `desk.choices` says where to. On hold asks for `reason` and `until`, pending for an answer (`body`, or one given
   * before).
   * @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED, TICKET_TRANSITION_INVALID
   */
  transition(input: Input<'tickets.transition'>, options?: CallOptions): Promise<Output<'tickets.transition'>>

  /** Agents. @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED */
  setPriority(
    input: Input<'tickets.setPriority'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.setPriority'>>

  /** Agents: writes something that only agents see. It changes no state. @throws NOT_FOUND, IDEMPOTENCY_CONFLICT */
  note(input: Input<'tickets.note'>, options?: CallOptions): Promise<Output<'tickets.note'>>

  /** Agents: sets all tags of a ticket. @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED */
  setTags(input: Input<'tickets.setTags'>, options?: CallOptions): Promise<Output<'tickets.setTags'>>

  /** Agents: moves a ticket to another queue; whoever has it keeps it if they work there. @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED */
  setQueue(input: Input<'tickets.setQueue'>, options?: CallOptions): Promise<Output<'tickets.setQueue'>>

  /**
   * Agents: does the same to up to 100 tickets, each by itself; what fails for one is told for that one. Tried again it does what is left.
   * @throws NOT_FOUND (the macro)
   */
  bulk(input: Input<'tickets.bulk'>, options?: CallOptions): Promise<Output<'tickets.bulk'>>

  /** Agents: macros, one's own and everybody's, and the placeholders that may stand in them. */
  macros(input?: Input<'tickets.macros'>, options?: CallOptions): Promise<Output<'tickets.macros'>>

  /** Agents: makes a macro, or (`id`) changes one. @throws NOT_FOUND, FORBIDDEN (everybody’s), MACRO_PLACEHOLDER_UNKNOWN, DESK_NAME_TAKEN, DESK_LIMIT */
  saveMacro(input: Input<'tickets.saveMacro'>, options?: CallOptions): Promise<Output<'tickets.saveMacro'>>

  /** Agents. @throws NOT_FOUND, FORBIDDEN (everybody’s) */
  deleteMacro(
    input: Input<'tickets.deleteMacro'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.deleteMacro'>>

  /** Agents: what a macro would write and do. @throws NOT_FOUND */
  previewMacro(
    input: Input<'tickets.previewMacro'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.previewMacro'>>

  /**
   * Agents: writes and does what a macro says, all or nothing.
   * @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED, TICKET_TRANSITION_INVALID, MACRO_VALUE_MISSING, FORBIDDEN (one's own ticket)
   */
  applyMacro(input: Input<'tickets.applyMacro'>, options?: CallOptions): Promise<Output<'tickets.applyMacro'>>

  /**
   * Agents: links to articles of the knowledge base, to be put into an answer; only to what the customer can read. `hidden` are the others.
   * An answer that leads there all the same is refused with ARTICLE_NOT_FOR_CUSTOMER.
   * @throws NOT_FOUND
   */
  articleLinks(
    input: Input<'tickets.articleLinks'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.articleLinks'>>

  /**
   * Agents: starts an article with what was said in a solved ticket, for agents to see. Names, addresses, keys and numbers are left out as
   * far as they can be told; somebody must read and change the text before it can be published.
   * @throws NOT_FOUND, TICKET_NOT_SOLVED, ARTICLE_SLUG_TAKEN (there is one of this ticket already)
   */
  draftArticle(
    input: Input<'tickets.draftArticle'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.draftArticle'>>

  /**
   * Agents: says that one looks at a ticket or types in it, for the next 30 s, and answers who else does. Others see it in `get` and in
   * `onUpdate` of the ticket.
   * @throws NOT_FOUND
   */
  presence(input: Input<'tickets.presence'>, options?: CallOptions): Promise<Output<'tickets.presence'>>
}

type Keyed = 'note' | 'bulk' | 'applyMacro'

export const deskApi = (call: Caller): DeskApi => ({
  ...methodsOf<Pick<DeskApi, Keyed>>(keyed(call), {
    note: 'mutation',
    bulk: 'mutation',
    applyMacro: 'mutation',
  }),
  ...methodsOf<Omit<DeskApi, Keyed>>(call, {
    claim: 'mutation',
    assign: 'mutation',
    transition: 'mutation',
    setPriority: 'mutation',
    setTags: 'mutation',
    setQueue: 'mutation',
    macros: 'query',
    saveMacro: 'mutation',
    deleteMacro: 'mutation',
    previewMacro: 'query',
    presence: 'mutation',
    articleLinks: 'query',
    draftArticle: 'mutation',
  }),
})
