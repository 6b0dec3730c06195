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
}

export const deskApi = (call: Caller): DeskApi => ({
  ...methodsOf<Pick<DeskApi, 'note'>>(keyed(call), { note: 'mutation' }),
  ...methodsOf<Omit<DeskApi, 'note'>>(call, {
    claim: 'mutation',
    assign: 'mutation',
    transition: 'mutation',
    setPriority: 'mutation',
  }),
})
