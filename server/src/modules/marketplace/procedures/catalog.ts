import { publicProcedure } from '../../../trpc.ts'
import * as s from '../schemas/catalog.ts'
import {
  getExtension,
  listCategories,
  listRelated,
  listTrending,
  listVersions,
  searchCatalog,
} from '../service/catalog.ts'

/** Finding extensions. For everybody. */
export const catalogProcedures = {
  search: publicProcedure
    .meta({
      openapi: { method: 'GET', path: '/marketplace/extensions', summary: 'Search extensions' },
    })
    .input(s.searchInput)
    .output(s.searchOutput)
    .query(({ ctx, input }) => searchCatalog(ctx, input)),
  get: publicProcedure
    .meta({
      openapi: { method: 'GET', path: '/marketplace/extensions/{id}', summary: 'Show an extension' },
    })
    .input(s.getInput)
    .output(s.getOutput)
    .query(({ ctx, input }) => getExtension(ctx, input)),
  versions: publicProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/extensions/{id}/versions',
        summary: 'List the packages of an extension, newest first',
      },
    })
    .input(s.versionsInput)
    .output(s.versionsOutput)
    .query(({ ctx, input }) => listVersions(ctx, input)),
  related: publicProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/extensions/{id}/related',
        summary: 'List what others also installed',
      },
    })
    .input(s.relatedInput)
    .output(s.relatedOutput)
    .query(({ ctx, input }) => listRelated(ctx, input)),
  categories: publicProcedure
    .meta({
      openapi: { method: 'GET', path: '/marketplace/categories', summary: 'List categories with counts' },
    })
    .input(s.categoriesInput)
    .output(s.categoriesOutput)
    .query(({ ctx }) => listCategories(ctx)),
  trending: publicProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/trending',
        summary: 'List what is being installed more than usual',
      },
    })
    .input(s.trendingInput)
    .output(s.trendingOutput)
    .query(({ ctx, input }) => listTrending(ctx, input)),
}
