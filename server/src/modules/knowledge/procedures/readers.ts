import { publicProcedure } from '../../../trpc.ts'
import * as s from '../schemas/readers.ts'
import { giveFeedback, saySolved } from '../service/opinions.ts'
import { getArticle } from '../service/read.ts'
import { listCategories, searchArticles } from '../service/search.ts'
import { suggestArticles } from '../service/suggest.ts'
import { viewerOf } from '../viewer.ts'

/** Reading. For everybody; whoever is signed in may see more. */
export const readersProcedures = {
  search: publicProcedure
    .meta({ openapi: { method: 'GET', path: '/knowledge/articles', summary: 'Search the help' } })
    .input(s.searchInput)
    .output(s.searchOutput)
    .query(async ({ ctx, input }) => searchArticles(ctx, await viewerOf(ctx), input)),
  get: publicProcedure
    .meta({ openapi: { method: 'GET', path: '/knowledge/articles/{slug}', summary: 'Read an article' } })
    .input(s.getInput)
    .output(s.getOutput)
    .query(async ({ ctx, input }) => getArticle(ctx, await viewerOf(ctx), input)),
  categories: publicProcedure
    .meta({
      openapi: { method: 'GET', path: '/knowledge/categories', summary: 'List categories with counts' },
    })
    .input(s.categoriesInput)
    .output(s.categoriesOutput)
    .query(async ({ ctx, input }) => listCategories(ctx, await viewerOf(ctx), input)),
  suggest: publicProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/knowledge/suggestions',
        summary: 'Find articles that may spare a ticket',
      },
    })
    .input(s.suggestInput)
    .output(s.suggestOutput)
    .query(async ({ ctx, input }) => suggestArticles(ctx, await viewerOf(ctx), input)),
  feedback: publicProcedure
    .meta({
      openapi: {
        method: 'PUT',
        path: '/knowledge/articles/{id}/feedback',
        summary: 'Say whether an article helped',
      },
    })
    .input(s.feedbackInput)
    .output(s.feedbackOutput)
    .mutation(async ({ ctx, input }) => giveFeedback(ctx, await viewerOf(ctx), input)),
  solvedIt: publicProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/knowledge/articles/{id}/solved',
        summary: 'Say that an article solved the problem',
      },
    })
    .input(s.solvedItInput)
    .output(s.solvedItOutput)
    .mutation(async ({ ctx, input }) => saySolved(ctx, await viewerOf(ctx), input)),
}
