import { timingSafeEqual } from 'node:crypto'
import { addMs, SECOND } from '../../../clock.ts'
import type { Deps } from '../../../deps.ts'

/** Long enough to begin a download, short enough not to be passed around. */
export const DOWNLOAD_TTL_SECONDS = 900

const sealOf = ({ secrets }: Deps, versionId: string, expires: string): Buffer =>
  secrets.hmac('file-url', `package\n${versionId}\n${expires}`)

/** Where this server hands a package out, to whoever has the address, until it expires. Needs no header. */
export function packageUrl(deps: Deps, { versionId, fileName }: { versionId: string; fileName: string }) {
  const expiresAt = addMs(deps.clock.now(), DOWNLOAD_TTL_SECONDS * SECOND)
  const expires = String(Math.ceil(expiresAt.getTime() / SECOND))
  const url = new URL(`${deps.env.PUBLIC_URL}/files/packages/${versionId}/${encodeURIComponent(fileName)}`)
  url.searchParams.set('expires', expires)
  url.searchParams.set('signature', sealOf(deps, versionId, expires).toString('base64url'))
  return { url: url.href, expiresAt }
}

/** Whether an address was made by `packageUrl` and has not expired. */
export function isGoodUrl(
  deps: Deps,
  { versionId, expires, signature }: { versionId: string; expires: string; signature: string },
): boolean {
  if (!/^\d{1,12}$/.test(expires) || Number(expires) * SECOND < deps.clock.now().getTime()) return false
  const given = Buffer.from(signature, 'base64url')
  const seal = sealOf(deps, versionId, expires)
  return given.length === seal.length && timingSafeEqual(given, seal)
}
