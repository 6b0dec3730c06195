import { authJobs } from '../modules/auth/jobs.ts'
import { licenseJobs } from '../modules/licenses/jobs.ts'
import { paymentJobs } from '../modules/payments/jobs.ts'
import { maintenanceJobs } from './maintenance.ts'
import type { JobDefinition, JobName } from './types.ts'

type AnyJob = { [N in JobName]: JobDefinition<N> }[JobName]

/** Every job the worker knows. */
export const jobDefinitions: AnyJob[] = [...maintenanceJobs, ...authJobs, ...paymentJobs, ...licenseJobs]
