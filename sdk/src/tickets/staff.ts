import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { methodsOf } from './methods.ts'

/** Agents about themselves and each other. */
export interface StaffApi {
  /** Agents: who can be given tickets, by name, with what they have to do; also those who are full or away. */
  agents(input?: Input<'tickets.agents'>, options?: CallOptions): Promise<Output<'tickets.agents'>>

  /** Agents: come to the desk, or leave it for a while. Whoever is away gets nothing by itself, and keeps what is theirs. @throws AGENT_NOT_ACTIVE */
  setAvailability(
    input: Input<'tickets.setAvailability'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.setAvailability'>>
}

export const staffApi = (call: Caller): StaffApi =>
  methodsOf<StaffApi>(call, { agents: 'query', setAvailability: 'mutation' })
