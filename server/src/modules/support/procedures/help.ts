import { agentProcedure } from '../../../trpc.ts'
import * as s from '../schemas/help.ts'
import { articleLinksFor, draftArticle } from '../service/help.ts'

/** Tickets and the knowledge base: answers lead to articles, and become some. */
export const helpProcedures = {
  articleLinks: agentProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/tickets/{id}/article-links',
        summary: 'Links to articles that the customer can read',
      },
    })
    .input(s.articleLinksInput)
    .output(s.articleLinksOutput)
    .query(({ ctx, input }) => articleLinksFor(ctx, input)),
  draftArticle: agentProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/tickets/{id}/article',
        summary: 'Make a draft of an article out of a solved ticket',
      },
    })
    .input(s.draftArticleInput)
    .output(s.draftArticleOutput)
    .mutation(({ ctx, input }) => draftArticle(ctx, input)),
}
