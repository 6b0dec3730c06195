import type { AnyJob } from '../../jobs/types.ts'

/** Jobs of the marketplace, area by area. */
export const marketplaceJobs: AnyJob[] = []
