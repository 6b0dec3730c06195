import { defineJob } from '../../jobs/types.ts'
import { deleteOldChanges } from './queries/catalog-changes.ts'
import { recountWords } from './queries/search-index.ts'
import { recountRanks } from './service/search/ranks.ts'

export const searchJobs = [
  defineJob({
    name: 'marketplace.rank',
    cron: '23 * * * *',
    concurrency: 1,
    async handler(ctx) {
      // First: short, and needed whatever becomes of the long one.
      await deleteOldChanges(ctx.db)
      await recountRanks(ctx.db, ctx.deps.clock.now())
    },
  }),
  defineJob({
    name: 'marketplace.words',
    cron: '41 3 * * *',
    concurrency: 1,
    handler: (ctx) => recountWords(ctx.db),
  }),
]
