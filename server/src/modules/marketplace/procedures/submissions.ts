import { accountProcedure, adminProcedure } from '../../../trpc.ts'
import * as s from '../schemas/submissions.ts'
import { appealTakedown } from '../service/moderation/takedown-appeal.ts'
import { appealSubmission } from '../service/submissions/appeal.ts'
import { getSubmission, listSubmissions } from '../service/submissions/list.ts'
import { approveSubmission, moderationQueue, rejectSubmission } from '../service/submissions/moderate.ts'

/** Packages on their way. Submitting one is a plain route (`http/upload.ts`): it streams. */
export const submissionsProcedures = {
  submission: accountProcedure('publish')
    .meta({
      openapi: { method: 'GET', path: '/marketplace/submissions/{id}', summary: 'What became of a package' },
    })
    .input(s.submissionInput)
    .output(s.submissionSchema)
    .query(({ ctx, input }) => getSubmission(ctx, input)),
  submissions: accountProcedure('publish')
    .meta({
      openapi: { method: 'GET', path: '/marketplace/submissions', summary: 'List submitted packages' },
    })
    .input(s.submissionsInput)
    .output(s.submissionsOutput)
    .query(({ ctx, input }) => listSubmissions(ctx, input)),
  appeal: accountProcedure('publish')
    .meta({
      openapi: { method: 'POST', path: '/marketplace/appeals', summary: 'Appeal a rejection or a takedown' },
    })
    .input(s.appealInput)
    .output(s.appealOutput)
    .mutation(({ ctx, input }) =>
      input.id.startsWith('smn_') ? appealSubmission(ctx, input) : appealTakedown(ctx, input),
    ),
  moderationQueue: adminProcedure
    .meta({
      openapi: { method: 'GET', path: '/marketplace/moderation', summary: 'What waits for a moderator' },
    })
    .input(s.moderationQueueInput)
    .output(s.moderationQueueOutput)
    .query(({ ctx, input }) => moderationQueue(ctx, input)),
  approve: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/submissions/{submissionId}/approve',
        summary: 'Approve a package, to be published',
      },
    })
    .input(s.approveInput)
    .output(s.submissionSchema)
    .mutation(({ ctx, input }) => approveSubmission(ctx, input)),
  reject: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/submissions/{submissionId}/reject',
        summary: 'Reject a package',
      },
    })
    .input(s.rejectInput)
    .output(s.submissionSchema)
    .mutation(({ ctx, input }) => rejectSubmission(ctx, input)),
}
