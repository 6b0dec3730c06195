import { analyticsJobs } from '../modules/analytics/jobs.ts'
import { authJobs } from '../modules/auth/jobs.ts'
import { knowledgeJobs } from '../modules/knowledge/jobs.ts'
import { licenseJobs } from '../modules/licenses/jobs.ts'
import { marketplaceJobs } from '../modules/marketplace/jobs.ts'
import { paymentJobs } from '../modules/payments/jobs.ts'
import { supportJobs } from '../modules/support/jobs.ts'
import { maintenanceJobs } from './maintenance.ts'
import type { AnyJob } from './types.ts'

/** Every job the worker knows. */
export const jobDefinitions: AnyJob[] = [
  ...maintenanceJobs,
  ...authJobs,
  ...paymentJobs,
  ...licenseJobs,
  ...marketplaceJobs,
  ...supportJobs,
  ...analyticsJobs,
  ...knowledgeJobs,
]
