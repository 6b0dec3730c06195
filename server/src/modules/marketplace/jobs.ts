import type { AnyJob } from '../../jobs/types.ts'
import { statisticsJobs } from './statistics-jobs.ts'

/** Jobs of the marketplace, area by area. */
export const marketplaceJobs: AnyJob[] = [...statisticsJobs]
