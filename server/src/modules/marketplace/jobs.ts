import type { AnyJob } from '../../jobs/types.ts'
import { publisherJobs } from './publisher-jobs.ts'
import { salesJobs } from './sales-jobs.ts'
import { searchJobs } from './search-jobs.ts'
import { statisticsJobs } from './statistics-jobs.ts'
import { submissionJobs } from './submission-jobs.ts'

/** Jobs of the marketplace, area by area. */
export const marketplaceJobs: AnyJob[] = [
  ...publisherJobs,
  ...salesJobs,
  ...searchJobs,
  ...submissionJobs,
  ...statisticsJobs,
]
