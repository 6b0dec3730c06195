import { adminProcedure, agentProcedure } from '../../../trpc.ts'
import * as s from '../schemas/actions.ts'
import { freeDevice, reissueKey } from '../service/act.ts'
import { decideRefund, listRefundRequests, requestRefund } from '../service/refund-requests.ts'

/** What agents do for a customer, inside the ticket that asks for it. */
export const actionProcedures = {
  freeDevice: agentProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/tickets/{id}/devices/{deviceId}/free',
        summary: 'Free a device of the customer',
      },
    })
    .input(s.freeDeviceInput)
    .output(s.actionOutput)
    .mutation(({ ctx, input }) => freeDevice(ctx, input)),
  reissueKey: agentProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/tickets/{id}/licenses/{licenseId}/reissue',
        summary: 'Mail the customer another license key',
      },
    })
    .input(s.reissueKeyInput)
    .output(s.actionOutput)
    .mutation(({ ctx, input }) => reissueKey(ctx, input)),
  requestRefund: agentProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/tickets/{id}/refund-requests',
        summary: 'Ask an admin for a refund',
      },
    })
    .input(s.requestRefundInput)
    .output(s.refundRequestSchema)
    .mutation(({ ctx, input }) => requestRefund(ctx, input)),
  refundRequests: adminProcedure
    .meta({
      openapi: { method: 'GET', path: '/refund-requests', summary: 'List refunds that agents ask for' },
    })
    .input(s.refundRequestsInput)
    .output(s.refundRequestsOutput)
    .query(({ ctx, input }) => listRefundRequests(ctx, input)),
  decideRefund: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/refund-requests/{requestId}', summary: 'Grant or decline a refund' },
    })
    .input(s.decideRefundInput)
    .output(s.refundRequestSchema)
    .mutation(({ ctx, input }) => decideRefund(ctx, input)),
}
