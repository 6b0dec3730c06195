import type { Caller, Subscriber } from '../contract.ts'
import { type SubmissionsApi, submissionsApi } from './submissions.ts'

/** Extensions: finding and installing them, publishing them, judging them. */
export interface MarketplaceApi extends SubmissionsApi {}

/** What the methods are made of. */
interface MarketplaceClient {
  call: Caller
  subscribe: Subscriber
}

export const marketplaceApi = ({ call, subscribe }: MarketplaceClient): MarketplaceApi => ({
  ...submissionsApi(call, subscribe),
})
