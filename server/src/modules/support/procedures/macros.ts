import { agentProcedure } from '../../../trpc.ts'
import * as b from '../schemas/bulk.ts'
import { deskTicketSchema } from '../schemas/desk.ts'
import * as m from '../schemas/macros.ts'
import { deletedOutput, nothing } from '../schemas/queue.ts'
import { applyMacro, bulk, setQueue, setTags } from '../service/bulk.ts'
import { deleteMacro, previewMacro, saveMacro, visibleMacros } from '../service/macros/macros.ts'
import { setPresence } from '../service/presence.ts'

/** Prepared answers, the same to many tickets, and who else is there. */
export const macroProcedures = {
  macros: agentProcedure
    .meta({ openapi: { method: 'GET', path: '/desk/macros', summary: 'List macros' } })
    .input(nothing)
    .output(m.macrosOutput)
    .query(({ ctx }) => visibleMacros(ctx)),
  saveMacro: agentProcedure
    .meta({ openapi: { method: 'POST', path: '/desk/macros', summary: 'Make or change a macro' } })
    .input(m.saveMacroInput)
    .output(m.macroSchema)
    .mutation(({ ctx, input }) => saveMacro(ctx, input)),
  deleteMacro: agentProcedure
    .meta({ openapi: { method: 'DELETE', path: '/desk/macros/{id}', summary: 'Delete a macro' } })
    .input(m.deleteMacroInput)
    .output(deletedOutput)
    .mutation(({ ctx, input }) => deleteMacro(ctx, input)),
  previewMacro: agentProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/tickets/{id}/macros/{macroId}',
        summary: 'See what a macro would do',
      },
    })
    .input(m.previewMacroInput)
    .output(m.previewMacroOutput)
    .query(({ ctx, input }) => previewMacro(ctx, input)),
  applyMacro: agentProcedure
    .meta({
      openapi: { method: 'POST', path: '/tickets/{id}/macros/{macroId}', summary: 'Apply a macro' },
    })
    .input(m.applyMacroInput)
    .output(m.applyMacroOutput)
    .mutation(({ ctx, input }) => applyMacro(ctx, input)),
  bulk: agentProcedure
    .meta({ openapi: { method: 'POST', path: '/desk/bulk', summary: 'Do the same to many tickets' } })
    .input(b.bulkInput)
    .output(b.bulkOutput)
    .mutation(({ ctx, input }) => bulk(ctx, input)),
  setTags: agentProcedure
    .meta({ openapi: { method: 'PUT', path: '/tickets/{id}/tags', summary: 'Set the tags' } })
    .input(b.setTagsInput)
    .output(deskTicketSchema)
    .mutation(({ ctx, input }) => setTags(ctx, input)),
  setQueue: agentProcedure
    .meta({ openapi: { method: 'PUT', path: '/tickets/{id}/queue', summary: 'Move to another queue' } })
    .input(b.setQueueInput)
    .output(deskTicketSchema)
    .mutation(({ ctx, input }) => setQueue(ctx, input)),
  presence: agentProcedure
    .meta({ openapi: { method: 'PUT', path: '/tickets/{id}/presence', summary: 'Say that you are there' } })
    .input(b.presenceInput)
    .output(b.presenceOutput)
    .mutation(({ ctx, input }) => setPresence(ctx, input)),
}
