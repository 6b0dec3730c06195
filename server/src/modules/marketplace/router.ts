import { router } from '../../trpc.ts'
import { authorsProcedures } from './procedures/authors.ts'
import { catalogProcedures } from './procedures/catalog.ts'
import { moderationProcedures } from './procedures/moderation.ts'
import { publishersProcedures } from './procedures/publishers.ts'
import { reviewsProcedures } from './procedures/reviews.ts'
import { salesProcedures } from './procedures/sales.ts'
import { statisticsProcedures } from './procedures/statistics.ts'
import { submissionsProcedures } from './procedures/submissions.ts'
import { watchProcedures } from './procedures/watch.ts'

/** The marketplace has more procedures than one file holds well; on the wire they are one flat list. */
export const marketplaceRouter = router({
  ...catalogProcedures,
  ...publishersProcedures,
  ...submissionsProcedures,
  ...watchProcedures,
  ...authorsProcedures,
  ...reviewsProcedures,
  ...statisticsProcedures,
  ...salesProcedures,
  ...moderationProcedures,
})
