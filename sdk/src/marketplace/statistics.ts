import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { methodsOf } from './methods.ts'

/** How extensions of your own are used. Days are of UTC (`2026-11-22`). */
export interface StatisticsApi {
  /**
   * Downloads, installs, updates and uninstalls of your extension from a day to a day, both included: a series `by: 'day'` (the default),
   * or sums by version or platform. Today is not complete.
   * @throws EXTENSION_NOT_FOUND
   */
  stats(input: Input<'marketplace.stats'>, options?: CallOptions): Promise<Output<'marketplace.stats'>>

  /**
   * The same for a spreadsheet: one line per day, version and platform that was used.
   * @throws EXTENSION_NOT_FOUND, STATS_TOO_LARGE
   */
  statsCsv(
    input: Input<'marketplace.statsCsv'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.statsCsv'>>
}

export const statisticsApi = (call: Caller): StatisticsApi =>
  methodsOf<StatisticsApi>(call, {
    stats: 'query',
    statsCsv: 'query',
  })
