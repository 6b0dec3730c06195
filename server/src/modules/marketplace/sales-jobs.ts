import { defineJob } from '../../jobs/types.ts'
import { moveSale, releaseSales } from './service/sales/move.ts'
import { syncPrice } from './service/sales/price.ts'

export const salesJobs = [
  defineJob({ name: 'sales.price', handler: syncPrice }),
  defineJob({ name: 'sales.move', handler: moveSale }),
  defineJob({ name: 'sales.release', handler: releaseSales }),
]
