import { agentProcedure } from '../../../trpc.ts'
import * as s from '../schemas/desk.ts'
import { transition } from '../service/decide.ts'
import { addNote, assign, claim, setPriority } from '../service/work.ts'

/** What agents do with a ticket. */
export const deskProcedures = {
  claim: agentProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets/{id}/claim', summary: 'Take a ticket' } })
    .input(s.claimInput)
    .output(s.deskTicketSchema)
    .mutation(({ ctx, input }) => claim(ctx, input)),
  assign: agentProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets/{id}/assign', summary: 'Give a ticket to an agent' } })
    .input(s.assignInput)
    .output(s.deskTicketSchema)
    .mutation(({ ctx, input }) => assign(ctx, input)),
  transition: agentProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets/{id}/transition', summary: 'Move a ticket' } })
    .input(s.transitionInput)
    .output(s.deskTicketSchema)
    .mutation(({ ctx, input }) => transition(ctx, input)),
  setPriority: agentProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets/{id}/priority', summary: 'Set the priority' } })
    .input(s.setPriorityInput)
    .output(s.deskTicketSchema)
    .mutation(({ ctx, input }) => setPriority(ctx, input)),
  note: agentProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets/{id}/notes', summary: 'Write an internal note' } })
    .input(s.noteInput)
    .output(s.noteOutput)
    .mutation(({ ctx, input }) => addNote(ctx, input)),
}
