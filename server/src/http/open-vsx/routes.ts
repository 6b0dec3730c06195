import type { Hono } from 'hono'
import type { Deps } from '../../deps.ts'
import { AppError } from '../../errors.ts'
import { getNamespace } from '../../modules/marketplace/service/open-vsx/look-up.ts'
import { queryDoor, searchDoor } from '../../modules/marketplace/service/open-vsx/search.ts'
import type { HttpEnv } from '../context.ts'
import type { Edge } from '../edge.ts'
import { readJsonBody } from '../json-input.ts'
import { createOpenDoor } from '../open-door.ts'
import { answerDoorError } from './errors.ts'
import { extensionRoute } from './extension.ts'
import { type DoorAnswer, json } from './json.ts'
import { createNamespaceAnswer, publishAnswer, sizeLimitAnswer, verifyPatAnswer } from './publish.ts'
import {
  type DoorRequest,
  notHere,
  parameters,
  queryParameters,
  readRequest,
  searchParameters,
  segmentsOf,
} from './request.ts'

/** The version of Open VSX whose protocol this is. From 1.3.0 on `ovsx` keeps tokens out of addresses. */
const PROTOCOL_VERSION = '1.3.0'

const versionAnswer: DoorAnswer = ({ deps }) =>
  json({ version: PROTOCOL_VERSION, maxExtensionSize: deps.env.MAX_VSIX_BYTES })

const searchAnswer: DoorAnswer = async ({ ctx, query, viewer }) => {
  const { includeAllVersions, ...search } = parameters(searchParameters, query)
  const wanted = { ...search, includeAllVersions: includeAllVersions === 'true' }
  return json(await searchDoor(ctx, wanted, await viewer()))
}

/** @param generation of the query API: in the second, all versions are listed without the links of each to all others */
const queryAnswer =
  (generation: 1 | 2): DoorAnswer =>
  async (request) => {
    const given = request.c.req.method === 'POST' ? await bodyParameters(request) : request.query
    const { namespaceName, extensionName, extensionVersion, extensionUuid, extensionId, ...rest } =
      parameters(queryParameters, given)
    const { includeAllVersions, size, offset, targetPlatform, namespaceUuid } = rest
    const asksForSome = namespaceName ?? extensionName ?? extensionUuid ?? extensionId ?? namespaceUuid
    if (asksForSome === undefined) {
      const message = 'Give a namespace, an extension, or the id of one.'
      throw new AppError('INVALID_INPUT', { issues: [{ path: '', message }] })
    }
    const all = generation === 1 ? 'links' : 'all'
    const found = await queryDoor(
      request.ctx,
      {
        namespace: namespaceName,
        name: extensionName,
        identifier: extensionId,
        uuid: extensionUuid,
        namespaceUuid,
        version: extensionVersion,
        targetPlatform,
        versions: includeAllVersions === 'true' ? all : includeAllVersions === 'links' ? 'links' : 'latest',
        size,
        offset,
      },
      await request.viewer(),
    )
    return json(found)
  }

/** The first generation's query may come as a JSON body. */
async function bodyParameters({ c }: DoorRequest): Promise<[string, string][]> {
  const body = await readJsonBody(c.req.raw, c.env?.incoming)
  if (typeof body !== 'object' || body === null) return []
  return Object.entries(body).flatMap(([name, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value) ? [[name, String(value)] as [string, string]] : [],
  )
}

const publicKeyAnswer =
  (kid: string): DoorAnswer =>
  async ({ deps }) => {
    const key = await deps.signer.publicKey('package', kid)
    if (!key) throw new AppError('NOT_FOUND', { what: 'key' }, { message: 'Public key not found.' })
    return new Response(key.export({ type: 'spki', format: 'pem' }), {
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'public, max-age=31536000, immutable',
      },
    })
  }

/** Routes that name no extension, by method and path after `/api`. */
const fixed: Record<string, DoorAnswer> = {
  'GET /version': versionAnswer,
  'GET /-/search': searchAnswer,
  'GET /-/query': queryAnswer(1),
  'POST /-/query': queryAnswer(1),
  'GET /v2/-/query': queryAnswer(2),
  'GET /-/size-limit': sizeLimitAnswer,
  'POST /-/namespace/create': createNamespaceAnswer,
  'POST /-/publish': publishAnswer,
}

interface Matched {
  /** For the log and the metrics: of a bounded set. */
  route: string
  answer: DoorAnswer
}

/** @throws NOT_FOUND METHOD_NOT_ALLOWED */
function match(method: string, path: string): Matched {
  const segments = segmentsOf(path)
  const [first = '', second, third] = segments
  const name = `/${segments.join('/')}`
  const answer = Object.hasOwn(fixed, `${method} ${name}`) ? fixed[`${method} ${name}`] : undefined
  if (answer) return { route: `/api${name}`, answer }
  if (first === '-' && second === 'public-key' && third !== undefined && segments.length === 3) {
    if (method !== 'GET') throw new AppError('METHOD_NOT_ALLOWED')
    return { route: '/api/-/public-key/:id', answer: publicKeyAnswer(third) }
  }
  if (first === '-' || first === 'v2') throw notHere()
  if (method !== 'GET' && method !== 'POST') throw new AppError('METHOD_NOT_ALLOWED')
  if (segments.length > 2 || (segments.length === 2 && second !== 'verify-pat')) {
    return extensionRoute(method, segments)
  }
  if (method !== 'GET' || first === '') throw notHere()
  if (second === 'verify-pat') return { route: '/api/:namespace/verify-pat', answer: verifyPatAnswer(first) }
  return { route: '/api/:namespace', answer: async ({ ctx }) => json(await getNamespace(ctx, first)) }
}

/** Everything below `/api/` that is not REST or sign-in. */
const isOurs = (path: string): boolean => !/^\/api\/(?:v1|auth)(?:\/|$)/.test(path)

/**
 * The Open VSX door: what `ovsx` publishes through, and what Theia and others install from.
 * Source: the registry API of Eclipse Open VSX, as the clients were seen to use it.
 */
export function mountOpenVsx(app: Hono<HttpEnv>, deps: Deps, edge: Edge): void {
  const door = createOpenDoor(app, deps, edge, { answer: answerDoorError })
  door.tree('/api', isOurs, (c, visit) => {
    const { method } = c.req.raw
    c.set('route', '/api/*')
    const { route, answer } = match(method === 'HEAD' ? 'GET' : method, c.req.path)
    c.set('route', route)
    return answer(readRequest(c, deps, visit))
  })
}
