import { router } from '../../trpc.ts'
import { customerProcedures } from './procedures/customer.ts'
import { deskProcedures } from './procedures/desk.ts'
import { linkProcedures } from './procedures/links.ts'
import { mergeProcedures } from './procedures/merge.ts'
import { publisherProcedures } from './procedures/publisher.ts'
import { staffProcedures } from './procedures/staff.ts'

/** Tickets; on the wire they are one flat list. */
export const ticketsRouter = router({
  ...customerProcedures,
  ...deskProcedures,
  ...linkProcedures,
  ...publisherProcedures,
  ...staffProcedures,
  ...mergeProcedures,
})
