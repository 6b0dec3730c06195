import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { keyed, methodsOf } from './methods.ts'

/** What agents connect a ticket to, and do to it. */
export interface CasesApi {
  /** Agents: links a ticket to its customer's license or payment, an extension, an article or another ticket. @throws NOT_FOUND */
  link(input: Input<'tickets.link'>, options?: CallOptions): Promise<Output<'tickets.link'>>

  /** Agents: takes a link away. @throws NOT_FOUND */
  unlink(input: Input<'tickets.unlink'>, options?: CallOptions): Promise<Output<'tickets.unlink'>>

  /**
   * Agents: frees a device of a license of the customer that is linked to the ticket.
   * @throws NOT_FOUND, TICKET_CLOSED, DEVICE_NOT_FOUND
   */
  freeDevice(input: Input<'tickets.freeDevice'>, options?: CallOptions): Promise<Output<'tickets.freeDevice'>>

  /**
   * Agents: replaces the key of a license of the customer that is linked to the ticket. The customer gets it by mail; nobody else sees it.
   * @throws NOT_FOUND, TICKET_CLOSED, LICENSE_REVOKED_IS_FINAL
   */
  reissueKey(input: Input<'tickets.reissueKey'>, options?: CallOptions): Promise<Output<'tickets.reissueKey'>>

  /**
   * Agents: asks an admin to refund a payment of the customer that is linked to the ticket; for admins it is refunded at once.
   * @throws NOT_FOUND, TICKET_CLOSED, PAYMENT_NOT_REFUNDABLE, REFUND_EXCEEDS_PAYMENT, CONFLICT
   */
  requestRefund(
    input: Input<'tickets.requestRefund'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.requestRefund'>>

  /** Admins: what agents ask for, newest first. */
  refundRequests(
    input?: Input<'tickets.refundRequests'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.refundRequests'>>

  /** Admins: grants a request, which refunds, or declines it. @throws NOT_FOUND, REFUND_REQUEST_DECIDED, PAYMENT_NOT_REFUNDABLE, REFUND_EXCEEDS_PAYMENT */
  decideRefund(
    input: Input<'tickets.decideRefund'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.decideRefund'>>
}

export const casesApi = (call: Caller): CasesApi => ({
  ...methodsOf<Pick<CasesApi, 'requestRefund'>>(keyed(call), { requestRefund: 'mutation' }),
  ...methodsOf<Omit<CasesApi, 'requestRefund'>>(call, {
    link: 'mutation',
    unlink: 'mutation',
    freeDevice: 'mutation',
    reissueKey: 'mutation',
    refundRequests: 'query',
    decideRefund: 'mutation',
  }),
})
