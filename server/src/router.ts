import { adminRouter } from './modules/admin/router.ts'
import { analyticsRouter } from './modules/analytics/router.ts'
import { authRouter } from './modules/auth/router.ts'
import { knowledgeRouter } from './modules/knowledge/router.ts'
import { licensesRouter } from './modules/licenses/router.ts'
import { marketplaceRouter } from './modules/marketplace/router.ts'
import { paymentsRouter } from './modules/payments/router.ts'
import { ticketsRouter } from './modules/support/router.ts'
import { usersRouter } from './modules/users/router.ts'
import { router } from './trpc.ts'

/** All procedures, by module. */
export const appRouter = router({
  auth: authRouter,
  users: usersRouter,
  payments: paymentsRouter,
  licenses: licensesRouter,
  marketplace: marketplaceRouter,
  tickets: ticketsRouter,
  analytics: analyticsRouter,
  knowledge: knowledgeRouter,
  admin: adminRouter,
})

export type AppRouter = typeof appRouter
