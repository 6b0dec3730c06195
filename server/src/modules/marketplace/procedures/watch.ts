import { sequenceOf } from '../../../realtime/wire.ts'
import { accountProcedure } from '../../../trpc.ts'
import { onSubmissionInput, onSubmissionOutput } from '../schemas/watch.ts'
import { watchSubmission } from '../service/watch.ts'

/** Streams. REST does not offer them. */
export const watchProcedures = {
  onSubmission: accountProcedure('publish')
    .input(onSubmissionInput)
    .output(onSubmissionOutput)
    .subscription(({ ctx, input, signal }) =>
      watchSubmission(ctx, { id: input.id, after: sequenceOf(input.lastEventId) }, signal),
    ),
}
