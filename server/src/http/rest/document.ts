import { z } from 'zod'
import type { $ZodType } from 'zod/v4/core'
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi'
import { type ErrorCode, errorCatalog } from '../../errors.ts'
import type { ProcedureMeta } from '../../trpc.ts'
import { statusOf } from '../errors.ts'
import { ATTACHMENT_PATH, attachmentOperation } from './attachment-operation.ts'
import { shapeOf } from './coerce.ts'
import { type Endpoint, endpoints, REST_BASE } from './endpoints.ts'
import { UPLOAD_PATH, uploadOperation } from './upload-operation.ts'

type Access = NonNullable<ProcedureMeta['access']>

/** Whom a procedure serves, in words. */
const ACCESS_NOTES: Record<Access, string> = {
  public: 'Anybody may call this.',
  user: 'For signed-in users.',
  session: 'For signed-in users, with a session that still lives.',
  account: 'For signed-in users, or an API token with the right scope.',
  agent: 'For support agents.',
  admin: 'For admins.',
}

const SECURITY: Record<Access, Record<string, string[]>[]> = {
  public: [],
  user: [{ accessToken: [] }],
  session: [{ accessToken: [] }],
  account: [{ accessToken: [] }, { apiToken: [] }],
  agent: [{ accessToken: [] }],
  admin: [{ accessToken: [] }],
}

const errorSchema = z
  .object({
    error: z.object({
      code: z.string().meta({
        description: 'Stable; switch on this.',
        example: 'NOT_FOUND',
        enum: Object.keys(errorCatalog),
      }),
      message: z.string().meta({ description: 'For people. May change.' }),
      details: z.unknown().meta({ description: 'What belongs to the code; null where nothing does.' }),
      requestId: z.string().meta({ description: 'Quote it to support.' }),
    }),
  })
  .meta({ id: 'Error', description: 'Every error answer looks like this.' })

/** The codes that any endpoint may answer, and those for endpoints with a caller or an input. */
const COMMON: ErrorCode[] = ['RATE_LIMITED', 'UNAVAILABLE', 'INTERNAL']

function errorResponses({ procedure, parameters }: Endpoint): ZodOpenApiResponsesObject {
  const codes: ErrorCode[] = [
    ...COMMON,
    ...(procedure.input ? (['INVALID_INPUT'] as const) : []),
    ...(parameters.length > 0 ? (['NOT_FOUND'] as const) : []),
    ...(procedure.meta.access === 'public' ? [] : (['AUTH_REQUIRED', 'FORBIDDEN'] as const)),
    ...(procedure.type === 'mutation' ? (['CONFLICT'] as const) : []),
  ]
  return responsesOf(codes)
}

const responsesOf = (codes: ErrorCode[]): ZodOpenApiResponsesObject =>
  Object.fromEntries(
    codes.map((code) => [
      String(statusOf(code)),
      { description: errorCatalog[code].message, content: { 'application/json': { schema: errorSchema } } },
    ]),
  )

const objectOf = (shape: Record<string, $ZodType>) => z.object(shape as z.ZodRawShape)

function operation(endpoint: Endpoint): ZodOpenApiOperationObject {
  const { procedure, openapi, parameters, hasBody } = endpoint
  const access = procedure.meta.access ?? 'public'
  const [module = 'other'] = procedure.path.split('.')
  const shape: Record<string, $ZodType> = procedure.input ? { ...(shapeOf(procedure.input) ?? {}) } : {}
  const pathShape = Object.fromEntries(parameters.map((name) => [name, shape[name] ?? z.string()]))
  const rest = Object.fromEntries(Object.entries(shape).filter(([name]) => !parameters.includes(name)))
  const restSchema = z.strictObject(rest as z.ZodRawShape)
  // With parameters in the path, the body is the rest; without, it is the input as it is (also a union).
  const bodySchema = parameters.length === 0 && procedure.input ? (procedure.input as z.ZodType) : restSchema
  const hasRest = Object.keys(rest).length > 0
  return {
    operationId: procedure.path,
    summary: openapi.summary ?? procedure.path,
    description: [openapi.description, ACCESS_NOTES[access]].filter(Boolean).join('\n\n'),
    tags: openapi.tags ?? [module],
    security: SECURITY[access],
    requestParams: {
      ...(parameters.length > 0 ? { path: objectOf(pathShape) } : {}),
      ...(!hasBody && hasRest ? { query: objectOf(rest) } : {}),
    },
    ...(hasBody && hasRest
      ? {
          requestBody: {
            required: !restSchema.safeParse({}).success,
            content: { 'application/json': { schema: bodySchema } },
          },
        }
      : {}),
    responses: { ...successResponse(procedure.output), ...errorResponses(endpoint) },
  }
}

function successResponse(output: $ZodType | undefined): ZodOpenApiResponsesObject {
  const type = output?._zod.def.type
  if (!output || type === 'void' || type === 'undefined') return { '204': { description: 'Done.' } }
  return {
    '200': { description: 'Done.', content: { 'application/json': { schema: output as z.ZodType } } },
  }
}

/** The OpenAPI 3.1 document of all REST endpoints. Made once; the server's address is the only thing that is not fixed. */
export function openApiDocument(publicUrl: string, version: string) {
  const paths: ZodOpenApiPathsObject = {}
  for (const endpoint of endpoints) {
    const { method, path } = endpoint.openapi
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(endpoint) }
  }
  paths[UPLOAD_PATH] = {
    ...paths[UPLOAD_PATH],
    post: uploadOperation(
      responsesOf(['VSIX_INVALID', 'PUBLISHER_FORBIDDEN', 'VERSION_EXISTS', 'VSIX_TOO_LARGE', ...COMMON]),
    ),
  }
  paths[ATTACHMENT_PATH] = {
    ...paths[ATTACHMENT_PATH],
    post: attachmentOperation(responsesOf(['PAYLOAD_TOO_LARGE', 'AUTH_REQUIRED', ...COMMON])),
  }
  const tags = [...new Set(endpoints.flatMap(({ procedure }) => procedure.path.split('.')[0] ?? []))]
  return createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Dev Forge API',
        version,
        description:
          'Payments, licenses and accounts of the Dev Forge editor. Times are ISO 8601 in UTC, money is integer minor units. For TypeScript there is `@devforge/sdk`, with the same calls.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: publicUrl + REST_BASE }],
      tags: tags.map((name) => ({ name })),
      paths,
      components: {
        schemas: { Error: errorSchema },
        securitySchemes: {
          accessToken: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'The `accessToken` of `auth.signIn`; good for ten minutes, then `auth.refresh`.',
          },
          apiToken: {
            type: 'http',
            scheme: 'bearer',
            description: 'A token of `auth.createApiToken` (`dfp_…`).',
          },
        },
      },
    },
    {
      // Dates are Date objects to our code and to tRPC, texts in JSON.
      override({ jsonSchema, zodSchema }) {
        if (zodSchema._zod.def.type === 'date')
          Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
        // What JSON can carry at all says nothing about the API, and makes silly examples.
        if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      },
      allowEmptySchema: { date: true },
    },
  )
}
