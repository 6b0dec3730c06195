import type { Caller, Subscriber } from '../contract.ts'
import { type ModerationApi, moderationApi } from './moderation.ts'
import { type PublishersApi, publishersApi } from './publishers.ts'
import { type ReviewsApi, reviewsApi } from './reviews.ts'
import { type SalesApi, salesApi } from './sales.ts'
import { type StatisticsApi, statisticsApi } from './statistics.ts'
import { type SubmissionsApi, submissionsApi } from './submissions.ts'

/** Extensions: finding and installing them, publishing them, judging them. */
export interface MarketplaceApi
  extends PublishersApi,
    SubmissionsApi,
    ReviewsApi,
    StatisticsApi,
    SalesApi,
    ModerationApi {}

/** What the methods are made of. */
interface MarketplaceClient {
  call: Caller
  subscribe: Subscriber
}

export const marketplaceApi = ({ call, subscribe }: MarketplaceClient): MarketplaceApi => ({
  ...publishersApi(call),
  ...submissionsApi(call, subscribe),
  ...reviewsApi(call),
  ...statisticsApi(call),
  ...salesApi(call),
  ...moderationApi(call),
})
