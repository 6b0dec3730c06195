import { adminProcedure } from '../../trpc.ts'
import * as s from '../support/schemas/agents.ts'
import * as mails from '../support/schemas/mails.ts'
import { listAgents, setAgent } from '../support/service/agents.ts'
import { listInboundMails, retryInboundMail } from '../support/service/mail/admin.ts'
import { listQueues, setQueue } from '../support/service/queues.ts'

/** What admins do about support; spread into the admin router. */
export const adminSupportProcedures = {
  agents: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/agents', summary: 'List who works on tickets' } })
    .input(s.agentsInput)
    .output(s.agentsOutput)
    .query(({ ctx, input }) => listAgents(ctx, input)),
  setAgent: adminProcedure
    .meta({
      openapi: {
        method: 'PATCH',
        path: '/admin/agents/{userId}',
        summary: 'Say how somebody works on tickets',
      },
    })
    .input(s.setAgentInput)
    .output(s.staffSchema)
    .mutation(({ ctx, input }) => setAgent(ctx, input)),
  queues: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/queues', summary: 'List the queues of tickets' } })
    .output(s.queuesOutput)
    .query(({ ctx }) => listQueues(ctx)),
  setQueue: adminProcedure
    .meta({ openapi: { method: 'POST', path: '/admin/queues', summary: 'Make or change a queue' } })
    .input(s.setQueueInput)
    .output(s.queueSchema)
    .mutation(({ ctx, input }) => setQueue(ctx, input)),
  inboundMails: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/inbound-mails', summary: 'List mails that came in' } })
    .input(mails.inboundMailsInput)
    .output(mails.inboundMailsOutput)
    .query(({ ctx, input }) => listInboundMails(ctx, input)),
  retryInboundMail: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/admin/inbound-mails/{id}/retry',
        summary: 'Read a parked mail again',
      },
    })
    .input(mails.retryInboundMailInput)
    .output(mails.inboundMailSchema)
    .mutation(({ ctx, input }) => retryInboundMail(ctx, input)),
}
