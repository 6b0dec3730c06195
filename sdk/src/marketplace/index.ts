import type { Uploader } from '../client/upload.ts'
import type { Caller, Subscriber } from '../contract.ts'
import { type AuthorsApi, authorsApi } from './authors.ts'
import { type CatalogApi, catalogApi } from './catalog.ts'
import { type ModerationApi, moderationApi } from './moderation.ts'
import type { FetchKeys } from './package-check.ts'
import { type PackagesApi, packagesApi } from './packages.ts'
import { type PublishersApi, publishersApi } from './publishers.ts'
import { type ReviewsApi, reviewsApi } from './reviews.ts'
import { type SalesApi, salesApi } from './sales.ts'
import { type StatisticsApi, statisticsApi } from './statistics.ts'
import { type SubmissionsApi, submissionsApi } from './submissions.ts'

/** Extensions: finding and installing them, publishing them, judging them. */
export interface MarketplaceApi
  extends CatalogApi,
    PackagesApi,
    PublishersApi,
    SubmissionsApi,
    AuthorsApi,
    ReviewsApi,
    StatisticsApi,
    SalesApi,
    ModerationApi {}

/** What the methods are made of. */
interface MarketplaceClient {
  call: Caller
  subscribe: Subscriber
  upload: Uploader
  publicKeys: FetchKeys
  fetch?: typeof globalThis.fetch | undefined
}

export const marketplaceApi = (client: MarketplaceClient): MarketplaceApi => ({
  ...catalogApi(client.call),
  ...packagesApi(client),
  ...publishersApi(client.call),
  ...submissionsApi(client),
  ...authorsApi(client.call),
  ...reviewsApi(client.call),
  ...statisticsApi(client.call),
  ...salesApi(client.call),
  ...moderationApi(client.call),
})
