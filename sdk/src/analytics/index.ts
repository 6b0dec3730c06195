import { browserTextStorage, memoryTextStorage } from '../client/text-storage.ts'
import type { AnalyticsStorage } from './record.ts'

export { Analytics, type AnalyticsOptions, type FlushResult } from './analytics.ts'
export type { AnalyticsProperties, AnalyticsStorage } from './record.ts'

/** Keeps events until the process ends. */
export const memoryAnalyticsStorage = (initial: string | null = null): AnalyticsStorage =>
  memoryTextStorage(initial)

/** Keeps events in `localStorage`; where there is none, until the page is closed. */
export const browserAnalyticsStorage = (name = 'devforge.analytics'): AnalyticsStorage =>
  browserTextStorage(name)
