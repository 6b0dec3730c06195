import type { Context } from 'hono'
import { z } from 'zod'
import type { AccountActor, Ctx } from '../../context.ts'
import type { Deps } from '../../deps.ts'
import { AppError } from '../../errors.ts'
import { requireAccount } from '../../modules/auth/actor.ts'
import { type Viewer, viewerOfRequest } from '../../modules/marketplace/service/gallery/viewer.ts'
import { TARGET_PLATFORMS } from '../../modules/marketplace/vsix/manifest/agreement.ts'
import type { RequestContext } from '../../trpc.ts'
import { createRequestContext, type HttpEnv } from '../context.ts'
import type { Visit } from '../edge.ts'
import { decode } from '../json-input.ts'

/** One request at this door. */
export interface DoorRequest {
  c: Context<HttpEnv>
  deps: Deps
  ctx: RequestContext
  query: URLSearchParams
  /** Who may publish, by the token of the request. @throws AUTH_REQUIRED AUTH_SCOPE_MISSING AUTH_BANNED */
  author(): Promise<Ctx<AccountActor>>
  /** Who looks; without a good token, a stranger. */
  viewer(): Promise<Viewer>
  hasToken: boolean
}

/**
 * The token of a request. `Authorization` may be taken by a proxy's Basic; then it comes in a header of its own, and from CLIs up
 * to 1.1.1 in the query, which is never logged.
 */
function tokenOf(headers: Headers, query: URLSearchParams): string | null {
  const bearer = /^Bearer (\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  return bearer ?? headers.get('x-openvsx-token') ?? query.get('token')
}

export function readRequest(c: Context<HttpEnv>, deps: Deps, visit: Visit): DoorRequest {
  const query = new URL(c.req.raw.url).searchParams
  const token = tokenOf(c.req.raw.headers, query)
  const ctx = createRequestContext(deps, c, visit)
  ctx.authorization = token === null ? null : `Bearer ${token}`
  return {
    c,
    deps,
    ctx,
    query,
    hasToken: token !== null,
    async author() {
      const actor = await requireAccount(ctx, 'publish')
      return { ...ctx, actor }
    },
    viewer: () => viewerOfRequest(ctx),
  }
}

/** The parts of a path after `/api/`, decoded strictly. @throws INVALID_INPUT for broken escapes */
export function segmentsOf(path: string): string[] {
  return path.split('/').slice(2).map(decode)
}

export const notHere = (): AppError =>
  new AppError('NOT_FOUND', { what: 'route' }, { message: 'There is nothing here.' })

const PLATFORMS: ReadonlySet<string> = new Set([...TARGET_PLATFORMS, 'universal'])
export const isPlatform = (text: string | undefined): text is string =>
  text !== undefined && PLATFORMS.has(text)

const wholeNumber = (fallback: number, min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,7}$/, 'Give a whole number.')
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(fallback)
const text = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    // Postgres cannot store it, and nobody's name holds it.
    .refine((value) => !value.includes('\0'), 'NUL is not allowed.')
const optional = (maxLength: number) => text(maxLength).optional()
const flag = z.enum(['true', 'false']).default('false')

export const pageParameters = z.object({
  size: wholeNumber(18, 0, 100),
  offset: wholeNumber(0, 0, 1_000_000),
})
export const referenceParameters = z.object({
  size: wholeNumber(100, 0, 100),
  offset: wholeNumber(0, 0, 1_000_000),
})
export const searchParameters = pageParameters.extend({
  // Deeper nobody reads, and each row costs.
  offset: wholeNumber(0, 0, 10_000),
  query: optional(500),
  category: optional(100),
  targetPlatform: optional(40),
  sortBy: z.enum(['relevance', 'timestamp', 'rating', 'downloadCount']).default('relevance'),
  sortOrder: z.enum(['asc', 'desc']).optional(),
  includeAllVersions: flag,
})
export const queryParameters = z.object({
  namespaceName: optional(100),
  extensionName: optional(200),
  extensionVersion: optional(100),
  extensionId: optional(300),
  extensionUuid: z.uuid().optional(),
  namespaceUuid: z.uuid().optional(),
  includeAllVersions: z.enum(['true', 'false', 'links']).default('false'),
  targetPlatform: optional(40),
  size: wholeNumber(100, 0, 100),
  offset: wholeNumber(0, 0, 1_000_000),
})

/** Parses parameters; empty ones are as good as absent. @throws INVALID_INPUT */
export function parameters<T extends z.ZodType>(schema: T, given: Iterable<[string, string]>): z.infer<T> {
  const parsed = schema.safeParse(Object.fromEntries([...given].filter(([, value]) => value !== '')))
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  throw new AppError('INVALID_INPUT', { issues })
}
