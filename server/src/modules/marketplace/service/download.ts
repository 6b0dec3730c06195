import { AppError } from '../../../errors.ts'
import type { RequestContext } from '../../../trpc.ts'
import { API_TOKEN_PREFIX, requireAccount, requireUser } from '../../auth/actor.ts'
import { findDownload, findPackageFile } from '../queries/downloads.ts'
import { isEntitled } from './entitlement.ts'
import { DOWNLOAD_TTL_SECONDS, isGoodUrl, packageUrl } from './file-urls.ts'
import { currentPrice } from './sales/price.ts'
import { PACKAGE_FILE } from './submissions/package-files.ts'
import { recordUsage } from './usage.ts'

export interface DownloadInput {
  /** `publisher.name`, in any case. */
  id: string
  version?: string | undefined
  targetPlatform?: string | undefined
}

type Found = NonNullable<Awaited<ReturnType<typeof findDownload>>>

const VSIX_TYPE = 'application/vsix'

/**
 * Where a package is to be had, and what proves that it is the right one. The address needs no sign-in and is good for a few
 * minutes. Without a version: the newest stable one for the platform.
 * @throws EXTENSION_NOT_FOUND ENTITLEMENT_REQUIRED; AUTH_REQUIRED for a token that is no good; for a paid one AUTH_SESSION_ENDED AUTH_BANNED
 */
export async function downloadPackage(ctx: RequestContext, input: DownloadInput) {
  const found = await findDownload(ctx.db, { ...input, identifier: input.id.toLowerCase() })
  if (!found) {
    const { id, version, targetPlatform } = input
    throw new AppError('EXTENSION_NOT_FOUND', {
      id,
      ...(version === undefined ? {} : { version }),
      ...(targetPlatform === undefined ? {} : { targetPlatform }),
    })
  }
  const userId = await callerOf(ctx, found)
  if (found.paid) await requireEntitlement(ctx, found, userId)
  const address = await addressOf(ctx, found)
  const { extensionId, version, targetPlatform } = found
  recordUsage(ctx, { extensionId, version, targetPlatform, kind: 'download', userId })
  return {
    ...address,
    extension: found.identifier,
    version,
    targetPlatform,
    sha256: found.sha256.toString('hex'),
    sizeBytes: found.sizeBytes,
    signature: found.signature.toString('base64'),
    signatureKid: found.signatureKid,
  }
}

/**
 * Null for a stranger. Who sends a token wants to be known: one that is no good is an error, and a client renews it. What is paid is
 * given to a session as it is in this moment, so that a ban or a sign-out need not wait for the access token's end.
 */
async function callerOf(ctx: RequestContext, { paid }: Found): Promise<string | null> {
  const { authorization } = ctx
  if (authorization === null) return null
  const isApiToken = authorization.replace(/^Bearer /i, '').startsWith(API_TOKEN_PREFIX)
  const { userId } = paid || isApiToken ? await requireAccount(ctx, 'read') : await requireUser(ctx)
  return userId
}

async function requireEntitlement(ctx: RequestContext, found: Found, userId: string | null): Promise<void> {
  if (await isEntitled(ctx, found.extensionId, userId)) return
  const price = await currentPrice(ctx, found.extensionId)
  throw new AppError('ENTITLEMENT_REQUIRED', {
    extension: found.identifier,
    amountMinor: price?.amountMinor ?? 0,
    currency: price?.currency ?? 'usd',
  })
}

async function addressOf({ deps }: RequestContext, found: Found): Promise<{ url: string; expiresAt: Date }> {
  const fileName = fileNameOf(found)
  const own = packageUrl(deps, { versionId: found.versionId, fileName })
  const url = await deps.files.signedUrl(keyOf(found), {
    ttlSeconds: DOWNLOAD_TTL_SECONDS,
    fileName,
    contentType: VSIX_TYPE,
  })
  return url === null ? own : { url, expiresAt: own.expiresAt }
}

const keyOf = ({ storagePrefix }: Found): string => `${storagePrefix}/${PACKAGE_FILE}`

function fileNameOf({ identifier, version, targetPlatform }: Found): string {
  const platform = targetPlatform === 'universal' ? '' : `@${targetPlatform}`
  return `${identifier}-${version}${platform}.vsix`
}

/**
 * The file behind an address of ours. Free packages need no signature, so that their addresses may be written down.
 * @throws EXTENSION_NOT_FOUND for what is removed, unknown, or paid and not signed: they look alike
 */
export async function openPackageUrl(
  { db, deps }: Pick<RequestContext, 'db' | 'deps'>,
  url: { versionId: string; expires: string; signature: string },
) {
  const found = await findPackageFile(db, url.versionId)
  if (!found || (found.paid && !isGoodUrl(deps, url))) {
    throw new AppError('EXTENSION_NOT_FOUND', { id: url.versionId })
  }
  return {
    key: keyOf(found),
    contentType: VSIX_TYPE,
    fileName: fileNameOf(found),
    etag: found.sha256.toString('base64url'),
    // It may be taken down, or be for sale one day.
    immutable: false,
    isPaid: found.paid,
  }
}
