import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { methodsOf } from './methods.ts'

/** What agents connect a ticket to, and do to it. */
export interface CasesApi {
  /** Agents: links a ticket to its customer's license or payment, an extension, an article or another ticket. @throws NOT_FOUND */
  link(input: Input<'tickets.link'>, options?: CallOptions): Promise<Output<'tickets.link'>>

  /** Agents: takes a link away. @throws NOT_FOUND */
  unlink(input: Input<'tickets.unlink'>, options?: CallOptions): Promise<Output<'tickets.unlink'>>
}

export const casesApi = (call: Caller): CasesApi =>
  methodsOf<CasesApi>(call, { link: 'mutation', unlink: 'mutation' })
