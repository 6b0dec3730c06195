import { agentProcedure } from '../../../trpc.ts'
import * as s from '../schemas/queue.ts'
import { countViews } from '../service/queue/counts.ts'
import { listTicketQueue } from '../service/queue/list.ts'
import { searchTickets } from '../service/queue/search.ts'
import { createView, deleteView, updateView, visibleViews } from '../service/views.ts'

/** How agents find tickets. */
export const queueProcedures = {
  queue: agentProcedure
    .meta({ openapi: { method: 'GET', path: '/desk/queue', summary: 'List tickets by view and filters' } })
    .input(s.queueInput)
    .output(s.queueOutput)
    .query(({ ctx, input }) => listTicketQueue(ctx, input)),
  search: agentProcedure
    .meta({ openapi: { method: 'GET', path: '/desk/search', summary: 'Find tickets by text' } })
    .input(s.searchInput)
    .output(s.queueOutput)
    .query(({ ctx, input }) => searchTickets(ctx, input)),
  viewCounts: agentProcedure
    .meta({ openapi: { method: 'GET', path: '/desk/counts', summary: 'How many tickets each view has' } })
    .input(s.nothing)
    .output(s.viewCountsOutput)
    .query(({ ctx }) => countViews(ctx)),
  views: agentProcedure
    .meta({ openapi: { method: 'GET', path: '/desk/views', summary: 'List saved views' } })
    .input(s.nothing)
    .output(s.viewsOutput)
    .query(async ({ ctx }) => ({ items: await visibleViews(ctx) })),
  createView: agentProcedure
    .meta({ openapi: { method: 'POST', path: '/desk/views', summary: 'Save a view' } })
    .input(s.createViewInput)
    .output(s.viewSchema)
    .mutation(({ ctx, input }) => createView(ctx, input)),
  updateView: agentProcedure
    .meta({ openapi: { method: 'PATCH', path: '/desk/views/{id}', summary: 'Change a saved view' } })
    .input(s.updateViewInput)
    .output(s.viewSchema)
    .mutation(({ ctx, input }) => updateView(ctx, input)),
  deleteView: agentProcedure
    .meta({ openapi: { method: 'DELETE', path: '/desk/views/{id}', summary: 'Delete a saved view' } })
    .input(s.deleteViewInput)
    .output(s.deletedOutput)
    .mutation(({ ctx, input }) => deleteView(ctx, input)),
}
