import { z } from 'zod'
import type { ZodOpenApiOperationObject, ZodOpenApiResponsesObject } from 'zod-openapi'
import { submissionSchema } from '../../modules/marketplace/schemas/submissions.ts'

/** Where packages are sent, below the REST base. */
export const UPLOAD_PATH = '/marketplace/submissions'

/** The one route that is no procedure: its body is a file. */
export const uploadOperation = (errors: ZodOpenApiResponsesObject): ZodOpenApiOperationObject => ({
  operationId: 'marketplace.submit',
  summary: 'Submit a package to be published',
  description:
    'The package (VSIX) is the body, in any length up to the limit of this server; chunked bodies need no length. For signed-in members of its publisher, or an API token with the scope `publish`.',
  tags: ['marketplace'],
  security: [{ accessToken: [] }, { apiToken: [] }],
  requestParams: {
    query: z.object({
      preRelease: z
        .enum(['true', 'false'])
        .optional()
        .meta({ description: 'For those who asked for pre-releases' }),
    }),
    header: z.object({
      'idempotency-key': z
        .string()
        .max(200)
        .optional()
        .meta({ description: 'The same key is the same submission' }),
    }),
  },
  requestBody: {
    required: true,
    content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
  },
  responses: {
    '201': { description: 'Taken in.', content: { 'application/json': { schema: submissionSchema } } },
    '200': {
      description: 'The same package was here already.',
      content: { 'application/json': { schema: submissionSchema } },
    },
    ...errors,
  },
})
