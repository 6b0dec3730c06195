import { publicProcedure, sessionProcedure } from '../../../trpc.ts'
import * as s from '../schemas/authors.ts'
import { downloadPackage } from '../service/download.ts'
import {
  deprecateExtension,
  removeExtension,
  removeVersion,
  unyankVersion,
  yankVersion,
} from '../service/manage-extension.ts'

/** What owners do with what is published, and how it is had. */
export const authorsProcedures = {
  download: publicProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/extensions/{id}/download',
        summary: 'Where a package is to be had',
        description: 'Paid extensions need the token of an account that bought them.',
      },
    })
    .input(s.downloadInput)
    .output(s.downloadOutput)
    .query(({ ctx, input }) => downloadPackage(ctx, input)),
  deprecate: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/extensions/{id}/deprecate',
        summary: 'Say that an extension is not to be started with any more',
      },
    })
    .input(s.deprecateInput)
    .output(s.deprecateOutput)
    .mutation(({ ctx, input }) => deprecateExtension(ctx, input)),
  yank: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/extensions/{id}/yank',
        summary: 'Hide a version, which stays there for those who ask for exactly it',
      },
    })
    .input(s.yankInput)
    .output(s.changedOutput)
    .mutation(({ ctx, input }) => yankVersion(ctx, input)),
  unyank: sessionProcedure
    .meta({
      openapi: { method: 'POST', path: '/marketplace/extensions/{id}/unyank', summary: 'Take a yank back' },
    })
    .input(s.unyankInput)
    .output(s.changedOutput)
    .mutation(({ ctx, input }) => unyankVersion(ctx, input)),
  remove: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/extensions/{id}/remove',
        summary: 'Remove a version, or the extension, for good',
      },
    })
    .input(s.removeInput)
    .output(s.changedOutput)
    .mutation(({ ctx, input: { version, ...input } }) =>
      version === undefined ? removeExtension(ctx, input) : removeVersion(ctx, { ...input, version }),
    ),
}
