import { defineJob } from '../../jobs/types.ts'
import { refindExtensions } from './service/publisher-profile.ts'
import { recheckDomains } from './service/verify-publisher.ts'

export const publisherJobs = [
  defineJob({ name: 'marketplace.domains', cron: '23 */4 * * *', handler: recheckDomains }),
  defineJob({
    name: 'marketplace.publisherChanged',
    handler: (ctx, { publisherId }) => refindExtensions(ctx, publisherId),
  }),
]
