import type { Uploader } from '../client/upload.ts'
import type { Caller, Subscriber } from '../contract.ts'
import { type AttachmentsApi, attachmentsApi } from './attachments.ts'
import { type CasesApi, casesApi } from './cases.ts'
import { type CustomerApi, customerApi } from './customer.ts'
import { type DeskApi, deskApi } from './desk.ts'
import { type MergeApi, mergeApi } from './merge.ts'
import { type PublisherTicketsApi, publisherTicketsApi } from './publisher.ts'
import { type QueueApi, queueApi } from './queue.ts'
import { type StaffApi, staffApi } from './staff.ts'

/** Support tickets: of one's own, and for agents those of all. */
export interface TicketsApi
  extends CustomerApi,
    AttachmentsApi,
    DeskApi,
    CasesApi,
    QueueApi,
    PublisherTicketsApi,
    StaffApi,
    MergeApi {}

/** What the methods are made of. */
interface TicketsClient {
  call: Caller
  subscribe: Subscriber
  upload: Uploader
}

export const ticketsApi = ({ call, subscribe, upload }: TicketsClient): TicketsApi => ({
  ...customerApi(call, subscribe),
  ...attachmentsApi(call, upload),
  ...deskApi(call),
  ...casesApi(call),
  ...publisherTicketsApi(call),
  ...staffApi(call),
  ...mergeApi(call),
  ...queueApi(call),
})
