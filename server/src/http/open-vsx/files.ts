import { AppError } from '../../errors.ts'
import { type Address, fileNamed, findAddressed } from '../../modules/marketplace/service/open-vsx/look-up.ts'
import { recordUsage } from '../../modules/marketplace/service/usage.ts'
import { KEEP, sendFile } from '../send-file.ts'
import { BYTES, contentTypeOf, FILE_POLICY } from '../vscode/content-types.ts'
import type { DoorRequest } from './request.ts'

/** How long a bucket's address of a package is good for. */
const URL_TTL_SECONDS = 600

/** A file of a package: the package itself, its signature or digest, or what lies beside it. @throws EXTENSION_NOT_FOUND NOT_FOUND */
export async function sendDoorFile(
  request: DoorRequest,
  address: Address,
  fileName: string,
): Promise<Response> {
  const { c, deps, ctx } = request
  const found = await findAddressed(ctx, address)
  const file = fileNamed(found, fileName)
  if (!file)
    throw new AppError(
      'NOT_FOUND',
      { what: 'file' },
      { message: `File not found: ${fileName.slice(0, 200)}` },
    )
  if (file.kind === 'sha256') {
    return new Response(file.digest, {
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': KEEP,
      },
    })
  }
  const key = `${found.details.storagePrefix.replace(/\/$/, '')}/${file.fileName}`
  if (file.kind === 'package') return sendPackage(request, found, key, fileName)
  const response = await sendFile(deps, c, {
    key,
    contentType: file.kind === 'signature' ? 'application/zip' : contentTypeOf(fileName),
    immutable: true,
  })
  response.headers.set('content-security-policy', FILE_POLICY)
  return response
}

async function sendPackage(
  { c, deps, viewer }: DoorRequest,
  { extension, details }: Awaited<ReturnType<typeof findAddressed>>,
  key: string,
  fileName: string,
): Promise<Response> {
  // Who it is matters for paid ones only.
  const who = extension.paid ? await viewer() : null
  if (who && !who.mayHave(extension)) {
    throw new AppError('FORBIDDEN', undefined, {
      message: `${extension.identifier} is a paid extension. Buy it, and send the token of the account that did.`,
    })
  }
  const file = { key, contentType: BYTES, fileName }
  // An address of a bucket is good for GET only.
  const isGet = c.req.raw.method === 'GET'
  const url = isGet ? await deps.files.signedUrl(key, { ttlSeconds: URL_TTL_SECONDS, ...file }) : null
  const response =
    url === null
      ? await sendFile(deps, c, { ...file, etag: details.sha256.toString('hex'), immutable: false })
      : new Response(null, { status: 302, headers: { location: url, 'cache-control': 'no-store' } })
  if (extension.paid) response.headers.set('cache-control', 'private, no-store')
  const isWhole =
    response.status === 200 ||
    response.status === 302 ||
    (response.headers.get('content-range') ?? '').startsWith('bytes 0-')
  if (isGet && isWhole) {
    recordUsage(
      { deps, ip: c.get('clientIp') },
      {
        extensionId: extension.id,
        version: details.version,
        targetPlatform: details.targetPlatform,
        kind: 'download',
        ...(who?.userId ? { userId: who.userId } : {}),
      },
    )
  }
  return response
}
