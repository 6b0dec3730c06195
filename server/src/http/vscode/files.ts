import type { Context } from 'hono'
import type { Deps } from '../../deps.ts'
import { AppError } from '../../errors.ts'
import { AssetType, WEB_RESOURCES } from '../../modules/marketplace/gallery/protocol.ts'
import {
  findPackage,
  type GalleryPackage,
  notFound,
  requirePackage,
} from '../../modules/marketplace/service/gallery/package.ts'
import { viewerOfRequest } from '../../modules/marketplace/service/gallery/viewer.ts'
import { recordUsage } from '../../modules/marketplace/service/usage.ts'
import { createRequestContext, type HttpEnv } from '../context.ts'
import type { Visit } from '../edge.ts'
import { sendFile } from '../send-file.ts'
import { addressOf, parameter, restOfPath } from './address.ts'
import type { Archives } from './archives.ts'
import { BYTES, contentTypeOf, FILE_POLICY } from './content-types.ts'
import { sendEntry } from './resources.ts'

/** How long a bucket's address of a package is good for. */
const URL_TTL_SECONDS = 600

const fileOf: Record<string, (assets: GalleryPackage['assets']) => string | undefined> = {
  [AssetType.Manifest]: (assets) => assets.manifest,
  [AssetType.VsixManifest]: (assets) => assets.vsixManifest,
  [AssetType.Details]: (assets) => assets.readme,
  [AssetType.Changelog]: (assets) => assets.changelog,
  [AssetType.License]: (assets) => assets.license,
  [AssetType.Icon]: (assets) => assets.icon,
  [AssetType.Signature]: (assets) => assets.signature,
}

const keyOf = ({ storagePrefix }: GalleryPackage, file: string): string =>
  `${storagePrefix.replace(/\/$/, '')}/${file}`

/** The routes that hand out packages and the files that lie beside and inside them. */
export function createFileRoutes(deps: Deps, archives: Archives) {
  const wanted = (c: Context<HttpEnv>, { name, version }: { name: string; version: string }) =>
    findPackage(deps, { name, version, targetPlatform: parameter(c, 'targetPlatform') })

  const viewerOf = (c: Context<HttpEnv>, visit: Visit) =>
    viewerOfRequest(createRequestContext(deps, c, visit))

  const allow = (c: Context<HttpEnv>, visit: Visit, found: GalleryPackage) =>
    requirePackage(found, () => viewerOf(c, visit))

  /** The package itself. Installs and updates are told apart by a flag in the address, and counted here. */
  async function sendPackage(c: Context<HttpEnv>, visit: Visit, found: GalleryPackage): Promise<Response> {
    // Whoever says who they are is known to have it: their review counts as one of a user.
    const viewer = (await allow(c, visit, found)) ?? (await viewerOf(c, visit))
    const platform = found.targetPlatform === 'universal' ? '' : `@${found.targetPlatform}`
    const file = {
      key: keyOf(found, 'package.vsix'),
      fileName: `${found.identifier}-${found.version}${platform}.vsix`,
      contentType: BYTES,
    }
    // An address of a bucket is good for GET only.
    const isGet = c.req.raw.method === 'GET'
    const url = isGet ? await deps.files.signedUrl(file.key, { ttlSeconds: URL_TTL_SECONDS, ...file }) : null
    const response =
      url === null
        ? await sendFile(deps, c, { ...file, etag: found.sha256, immutable: false })
        : new Response(null, { status: 302, headers: { location: url, 'cache-control': 'no-store' } })
    if (found.paid) response.headers.set('cache-control', 'private, no-store')
    if (isGet && startsAtTheBeginning(response)) count(c, visit, found, viewer.userId)
    return response
  }

  function count(
    c: Context<HttpEnv>,
    visit: Visit,
    { extensionId, version, targetPlatform }: GalleryPackage,
    userId: string | null,
  ): void {
    const kind =
      parameter(c, 'install') === 'true'
        ? 'install'
        : parameter(c, 'update') === 'true'
          ? 'update'
          : 'download'
    recordUsage(
      { deps, ip: visit.ip },
      { extensionId, version, targetPlatform, kind, ...clientOf(c), ...(userId ? { userId } : {}) },
    )
  }

  return {
    /** `GET {assetUri}/{assetType}` */
    async asset(c: Context<HttpEnv>, visit: Visit): Promise<Response> {
      const address = addressOf(c)
      const asset = restOfPath(c, 5)
      const found = await wanted(c, address)
      if (asset === AssetType.Vsix) return sendPackage(c, visit, found)
      if (asset.startsWith(WEB_RESOURCES)) {
        await allow(c, visit, found)
        return sendEntry(c, archives, {
          key: keyOf(found, 'package.vsix'),
          sha256: found.sha256,
          path: asset.slice(WEB_RESOURCES.length),
          paid: found.paid,
        })
      }
      const file = Object.hasOwn(fileOf, asset) ? fileOf[asset]?.(found.assets) : undefined
      if (file === undefined) throw new AppError('NOT_FOUND', { what: 'asset' })
      const response = await sendFile(deps, c, {
        key: keyOf(found, file),
        contentType: asset === AssetType.Signature ? 'application/zip' : contentTypeOf(file),
        immutable: true,
      })
      response.headers.set('content-security-policy', FILE_POLICY)
      return response
    },

    /** `GET …/publishers/{publisher}/vsextensions/{name}/{version}/vspackage` */
    async vspackage(c: Context<HttpEnv>, visit: Visit): Promise<Response> {
      return sendPackage(c, visit, await wanted(c, addressOf(c)))
    },

    /** `GET /vscode/unpkg/{publisher}/{name}/{version}/{path}`: files of web extensions. */
    async unpkg(c: Context<HttpEnv>, visit: Visit): Promise<Response> {
      const { name, version } = addressOf(c)
      const path = restOfPath(c, 5)
      const found = await findUnpacked(name, version)
      await allow(c, visit, found)
      const key = keyOf(found, 'package.vsix')
      return sendEntry(c, archives, { key, sha256: found.sha256, path, paid: found.paid })
    },
  }

  /**
   * Editors write the platform behind a plus sign into the version. Where nothing says which, a package for the web is meant:
   * nobody else reads files one by one.
   */
  async function findUnpacked(name: string, version: string): Promise<GalleryPackage> {
    const plus = version.lastIndexOf('+')
    if (plus !== -1) {
      const [bare, targetPlatform] = [version.slice(0, plus), version.slice(plus + 1)]
      const found = await findPackage(deps, { name, version: bare, targetPlatform }).catch(() => null)
      if (found) return found
    }
    const found = await findPackage(deps, { name, version, targetPlatform: 'web' })
    if (!found) throw notFound({ name, version })
    return found
  }
}

/** Whether this answer begins with the first byte: a download, and not the rest of one. */
const startsAtTheBeginning = (response: Response): boolean =>
  response.status === 200 ||
  response.status === 302 ||
  (response.status === 206 && (response.headers.get('content-range') ?? '').startsWith('bytes 0-'))

const MAX_CLIENT_LENGTH = 200

/** The editor that asks, by the random id that it made up for itself. */
export function clientOf(c: Context<HttpEnv>): { client?: string } {
  const client = c.req.raw.headers.get('x-market-user-id')?.trim() ?? ''
  return client === '' ? {} : { client: client.slice(0, MAX_CLIENT_LENGTH) }
}
