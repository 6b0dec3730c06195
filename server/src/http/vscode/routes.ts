import { createHash } from 'node:crypto'
import type { Hono } from 'hono'
import type { Deps } from '../../deps.ts'
import { AppError } from '../../errors.ts'
import { readGalleryQuery } from '../../modules/marketplace/gallery/request.ts'
import { controlFile } from '../../modules/marketplace/service/gallery/control.ts'
import { latestOf } from '../../modules/marketplace/service/gallery/latest.ts'
import { queryGallery } from '../../modules/marketplace/service/gallery/query.ts'
import { countStatistic } from '../../modules/marketplace/service/gallery/statistics.ts'
import { viewerOfRequest } from '../../modules/marketplace/service/gallery/viewer.ts'
import { createRequestContext, type HttpEnv } from '../context.ts'
import type { Edge } from '../edge.ts'
import { readJsonBody } from '../json-input.ts'
import { createOpenDoor, type DoorHandler } from '../open-door.ts'
import { addressOf, nameOf, parameter } from './address.ts'
import { createArchives } from './archives.ts'
import { clientOf, createFileRoutes } from './files.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * The VS Code gallery protocol: what the Extensions view of any VS Code-compatible editor, and `vsce search` and `show`, speak.
 * `/_apis/public/gallery` is where Microsoft's own tools look for the same.
 */
export function mountGallery(app: Hono<HttpEnv>, deps: Deps, edge: Edge): void {
  const door = createOpenDoor(app, deps, edge)
  const archives = createArchives(deps)
  deps.onClose(archives.close)
  const files = createFileRoutes(deps, archives)

  const query: DoorHandler = async (c, visit) => {
    const wanted = readGalleryQuery(await readJsonBody(c.req.raw, c.env?.incoming))
    const viewer = await viewerOfRequest(createRequestContext(deps, c, visit))
    return new Response(await queryGallery(deps, wanted, viewer), { headers: { 'content-type': JSON_TYPE } })
  }

  const statistics: DoorHandler = async (c, visit) => {
    const { name, version } = addressOf(c)
    await countStatistic(
      { deps, ip: visit.ip },
      {
        name,
        version,
        statType: parameter(c, 'statType'),
        targetPlatform: parameter(c, 'targetPlatform'),
        ...clientOf(c),
      },
    )
    return new Response(null, { status: 200 })
  }

  for (const prefix of ['/vscode/gallery', '/_apis/public/gallery']) {
    door.route('POST', `${prefix}/extensionquery`, query)
    door.route('POST', `${prefix}/publishers/:publisher/extensions/:name/:version/stats`, statistics)
    door.route(
      'GET',
      `${prefix}/publishers/:publisher/vsextensions/:name/:version/vspackage`,
      files.vspackage,
    )
    door.route('GET', `${prefix}/vscode/:publisher/:name/latest`, async (c, visit) => {
      const name = nameOf(c)
      const viewer = await viewerOfRequest(createRequestContext(deps, c, visit))
      const answer = await latestOf(deps, name.toLowerCase(), c.req.raw.headers.get('if-none-match'), viewer)
      if (answer === null) throw new AppError('EXTENSION_NOT_FOUND', { id: name })
      const headers = {
        etag: answer.etag,
        'cache-control': answer.paid ? 'private, no-cache' : 'public, no-cache',
        vary: 'Authorization',
      }
      return answer.body === null
        ? new Response(null, { status: 304, headers })
        : new Response(answer.body, { headers: { ...headers, 'content-type': JSON_TYPE } })
    })
  }

  door.route('GET', '/vscode/asset/:publisher/:name/:version/*', files.asset)
  door.route('GET', '/vscode/unpkg/:publisher/:name/:version/*', files.unpkg)

  door.route('GET', '/vscode/control', async (c) => {
    const body = JSON.stringify(await controlFile(deps))
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    // Asked for at each start, and every five minutes: what was found harmful meanwhile must not wait for a cache.
    const headers = { etag, 'cache-control': 'public, no-cache' }
    return c.req.raw.headers.get('if-none-match') === etag
      ? new Response(null, { status: 304, headers })
      : new Response(body, { headers: { ...headers, 'content-type': JSON_TYPE } })
  })
}
