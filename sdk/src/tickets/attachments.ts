import type { Uploader, UploadOptions, UploadSource } from '../client/upload.ts'
import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { methodsOf } from './methods.ts'

export interface AttachOptions extends UploadOptions {
  /** What to call it. Default: the name of a `File`. The server takes paths and invisible characters out. */
  fileName?: string
}

/** A file, uploaded and not yet sent. */
export type Attachment = Output<'tickets.get'>['messages'][number]['attachments'][number]

/** Files of tickets. */
export interface AttachmentsApi {
  /**
   * Uploads a file as it is read, up to 25 MB. Name its `id` in `attachmentIds` of the ticket, reply or note that is to have it; after a
   * day without one it is deleted. What it is (`contentType`) is told by its bytes.
   * @throws PAYLOAD_TOO_LARGE, ATTACHMENT_QUOTA, INVALID_INPUT (it is empty), AUTH_RATE_LIMITED, AUTH_SESSION_ENDED, NETWORK, TIMEOUT, ABORTED,
   * LOCAL_FAILURE (the source could not be read)
   * @example
   * const { id } = await forge.tickets.uploadAttachment(file, { onProgress: ({ sentBytes }) => show(sentBytes) })
   * await forge.tickets.reply({ id: ticketId, body: 'A screenshot.', attachmentIds: [id] })
   */
  uploadAttachment(source: UploadSource, options?: AttachOptions): Promise<Attachment>

  /**
   * Where a file of a message is to be had: an address for you alone, for five minutes and as long as you may see the ticket.
   * @throws NOT_FOUND
   */
  attachment(input: Input<'tickets.attachment'>, options?: CallOptions): Promise<Output<'tickets.attachment'>>
}

const nameOf = (source: UploadSource): string =>
  'name' in source && typeof source.name === 'string' ? source.name : ''

export const attachmentsApi = (call: Caller, upload: Uploader): AttachmentsApi => ({
  uploadAttachment: async (source, { fileName = nameOf(source), ...options } = {}) => {
    // A half of a character, as a cut may leave, becomes a sign of its own: it cannot be written into an address.
    const query = new URLSearchParams({ fileName: fileName.slice(-1_000) })
    const path = `/api/v1/tickets/attachments?${query}`
    return (await upload(path, source, {}, options)) as Attachment
  },
  ...methodsOf<AttachmentsApi>(call, { attachment: 'query' }),
})
