import { router } from '../../trpc.ts'
import { actionProcedures } from './procedures/actions.ts'
import { customerProcedures } from './procedures/customer.ts'
import { deskProcedures } from './procedures/desk.ts'
import { helpProcedures } from './procedures/help.ts'
import { linkProcedures } from './procedures/links.ts'
import { macroProcedures } from './procedures/macros.ts'
import { mergeProcedures } from './procedures/merge.ts'
import { publisherProcedures } from './procedures/publisher.ts'
import { queueProcedures } from './procedures/queue.ts'
import { staffProcedures } from './procedures/staff.ts'

/** Tickets; on the wire they are one flat list. */
export const ticketsRouter = router({
  ...customerProcedures,
  ...deskProcedures,
  ...actionProcedures,
  ...linkProcedures,
  ...helpProcedures,
  ...publisherProcedures,
  ...queueProcedures,
  ...macroProcedures,
  ...staffProcedures,
  ...mergeProcedures,
})
