import { agentProcedure } from '../../../trpc.ts'
import * as s from '../schemas/writers.ts'
import { listArticles, listVersions, readArticle, readVersion } from '../service/manage.ts'
import { renderArticle } from '../service/render.ts'
import { reportDeflections, zeroResults } from '../service/reports.ts'
import {
  archiveArticle,
  createArticle,
  publishArticle,
  restoreArticle,
  updateArticle,
} from '../service/write.ts'

/** Writing. For agents and admins. */
export const writersProcedures = {
  articles: agentProcedure
    .meta({ openapi: { method: 'GET', path: '/knowledge/writing', summary: 'List articles of any state' } })
    .input(s.articlesInput)
    .output(s.articlesOutput)
    .query(({ ctx, input }) => listArticles(ctx, input)),
  article: agentProcedure
    .meta({
      openapi: { method: 'GET', path: '/knowledge/writing/{id}', summary: 'Show an article to its writers' },
    })
    .input(s.articleInput)
    .output(s.articleOutput)
    .query(({ ctx, input }) => readArticle(ctx, input)),
  create: agentProcedure
    .meta({ openapi: { method: 'POST', path: '/knowledge/writing', summary: 'Start an article' } })
    .input(s.createInput)
    .output(s.articleOutput)
    .mutation(({ ctx, input }) => createArticle(ctx, input)),
  update: agentProcedure
    .meta({ openapi: { method: 'PATCH', path: '/knowledge/writing/{id}', summary: 'Change an article' } })
    .input(s.updateInput)
    .output(s.articleOutput)
    .mutation(({ ctx, input }) => updateArticle(ctx, input)),
  publish: agentProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/knowledge/writing/{id}/publish',
        summary: 'Let readers see the newest version',
      },
    })
    .input(s.decideInput)
    .output(s.articleOutput)
    .mutation(({ ctx, input }) => publishArticle(ctx, input)),
  archive: agentProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/knowledge/writing/{id}/archive',
        summary: 'Take an article away from readers',
      },
    })
    .input(s.decideInput)
    .output(s.articleOutput)
    .mutation(({ ctx, input }) => archiveArticle(ctx, input)),
  versions: agentProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/knowledge/writing/{id}/versions',
        summary: 'List versions and what they changed',
      },
    })
    .input(s.versionsInput)
    .output(s.versionsOutput)
    .query(({ ctx, input }) => listVersions(ctx, input)),
  version: agentProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/knowledge/writing/{id}/versions/{number}',
        summary: 'Show one version',
      },
    })
    .input(s.versionInput)
    .output(s.versionOutput)
    .query(({ ctx, input }) => readVersion(ctx, input)),
  restore: agentProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/knowledge/writing/{id}/versions/{number}/restore',
        summary: 'Take up an old version as the newest',
      },
    })
    .input(s.restoreInput)
    .output(s.articleOutput)
    .mutation(({ ctx, input }) => restoreArticle(ctx, input)),
  preview: agentProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/knowledge/preview',
        summary: 'Show Markdown as readers would see it',
      },
    })
    .input(s.previewInput)
    .output(s.previewOutput)
    .query(({ input }) => renderArticle(input.body)),
  zeroResults: agentProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/knowledge/reports/zero-results',
        summary: 'List searches that found nothing',
      },
    })
    .input(s.reportInput)
    .output(s.zeroResultsOutput)
    .query(({ ctx, input }) => zeroResults(ctx, input)),
  deflections: agentProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/knowledge/reports/deflections',
        summary: 'List which articles spare tickets',
      },
    })
    .input(s.reportInput)
    .output(s.deflectionsOutput)
    .query(({ ctx, input }) => reportDeflections(ctx, input)),
}
