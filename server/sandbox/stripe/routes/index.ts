import type { Route } from '../routing.ts'
import { catalogRoutes } from './catalog.ts'
import { checkoutRoutes } from './checkout.ts'
import { connectRoutes } from './connect.ts'
import { customerRoutes, paymentMethodRoutes } from './customers.ts'
import { invoiceItemRoutes } from './invoice-items.ts'
import { invoiceRoutes } from './invoices.ts'
import { paymentRoutes } from './payments.ts'
import { portalRoutes } from './portal.ts'
import { setupRoutes } from './setup-intents.ts'
import { subscriptionItemRoutes, subscriptionRoutes } from './subscriptions.ts'
import { systemRoutes } from './system.ts'

/** Everything under /v1. Fixed paths stand before their `:id` siblings: the first match answers. */
export const ROUTES: Route[] = [
  ...catalogRoutes,
  ...customerRoutes,
  ...paymentMethodRoutes,
  ...paymentRoutes,
  ...setupRoutes,
  ...checkoutRoutes,
  ...subscriptionRoutes,
  ...subscriptionItemRoutes,
  ...invoiceRoutes,
  ...invoiceItemRoutes,
  ...portalRoutes,
  ...connectRoutes,
  ...systemRoutes,
]
