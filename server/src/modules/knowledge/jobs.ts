import { defineJob } from '../../jobs/types.ts'
import { reindexArticles } from './service/reindex.ts'
import { purgeSearches } from './service/reports.ts'

export const knowledgeJobs = [
  defineJob({ name: 'knowledge.purge', cron: '47 2 * * *', handler: purgeSearches }),
  defineJob({
    name: 'knowledge.reindex',
    cron: '11 3 * * 0',
    concurrency: 1,
    handler: (ctx, data) => reindexArticles(ctx, data ?? {}),
  }),
]
