import { agentProcedure } from '../../../trpc.ts'
import { deskTicketSchema } from '../schemas/desk.ts'
import * as s from '../schemas/merge.ts'
import { merge, unmerge } from '../service/merge.ts'
import { split, unsplit } from '../service/split.ts'

/** Two tickets about one thing, and one ticket about two. */
export const mergeProcedures = {
  merge: agentProcedure
    .meta({
      openapi: { method: 'POST', path: '/tickets/{from}/merge', summary: 'Merge a ticket into another' },
    })
    .input(s.mergeInput)
    .output(deskTicketSchema)
    .mutation(({ ctx, input }) => merge(ctx, input)),
  unmerge: agentProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets/{id}/unmerge', summary: 'Undo a merge' } })
    .input(s.unmergeInput)
    .output(deskTicketSchema)
    .mutation(({ ctx, input }) => unmerge(ctx, input)),
  split: agentProcedure
    .meta({
      openapi: { method: 'POST', path: '/tickets/{id}/split', summary: 'Move messages into a new ticket' },
    })
    .input(s.splitInput)
    .output(deskTicketSchema)
    .mutation(({ ctx, input }) => split(ctx, input)),
  unsplit: agentProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets/{id}/unsplit', summary: 'Undo a split' } })
    .input(s.unsplitInput)
    .output(deskTicketSchema)
    .mutation(({ ctx, input }) => unsplit(ctx, input)),
}
