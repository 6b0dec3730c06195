import { z } from 'zod'
import type { ZodOpenApiOperationObject, ZodOpenApiResponsesObject } from 'zod-openapi'
import { attachmentSchema } from '../../modules/support/schemas/attachments.ts'

/** Where attachments are sent, below the REST base. */
export const ATTACHMENT_PATH = '/tickets/attachments'

/** A route that is no procedure: its body is a file. */
export const attachmentOperation = (errors: ZodOpenApiResponsesObject): ZodOpenApiOperationObject => ({
  operationId: 'tickets.uploadAttachment',
  summary: 'Upload a file for a message',
  description:
    'The file is the body; chunked bodies need no length. Its type is found out from its bytes. Name its id in `attachmentIds` of the message within a day. For signed-in users, with a session that still lives.',
  tags: ['tickets'],
  security: [{ accessToken: [] }],
  requestParams: {
    query: z.object({ fileName: z.string().max(1_000).optional().meta({ description: 'What to call it' }) }),
  },
  requestBody: {
    required: true,
    content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
  },
  responses: {
    '201': { description: 'Taken in.', content: { 'application/json': { schema: attachmentSchema } } },
    ...errors,
  },
})
