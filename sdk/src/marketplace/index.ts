import type { Caller, Subscriber } from '../contract.ts'
import { type PublishersApi, publishersApi } from './publishers.ts'
import { type SalesApi, salesApi } from './sales.ts'
import { type SubmissionsApi, submissionsApi } from './submissions.ts'

/** Extensions: finding and installing them, publishing them, judging them. */
export interface MarketplaceApi extends PublishersApi, SubmissionsApi, SalesApi {}

/** What the methods are made of. */
interface MarketplaceClient {
  call: Caller
  subscribe: Subscriber
}

export const marketplaceApi = ({ call, subscribe }: MarketplaceClient): MarketplaceApi => ({
  ...publishersApi(call),
  ...submissionsApi(call, subscribe),
  ...salesApi(call),
})
