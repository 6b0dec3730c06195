import { agentProcedure } from '../../../trpc.ts'
import { deskLinksOutput, linkInput, unlinkInput } from '../schemas/links.ts'
import { link, unlink } from '../service/links.ts'

/** What agents connect a ticket to. */
export const linkProcedures = {
  link: agentProcedure
    .meta({
      openapi: { method: 'POST', path: '/tickets/{id}/links', summary: 'Link a ticket to what it is about' },
    })
    .input(linkInput)
    .output(deskLinksOutput)
    .mutation(({ ctx, input }) => link(ctx, input)),
  unlink: agentProcedure
    .meta({ openapi: { method: 'POST', path: '/tickets/{id}/unlink', summary: 'Take a link away' } })
    .input(unlinkInput)
    .output(deskLinksOutput)
    .mutation(({ ctx, input }) => unlink(ctx, input)),
}
