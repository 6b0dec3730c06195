import type { Deps } from '../../../deps.ts'
import { isGoodSeal, sealUrl, type UrlSeal } from '../../../files/url-seal.ts'

/** Long enough to begin a download, short enough not to be passed around. */
export const DOWNLOAD_TTL_SECONDS = 900

/** Where this server hands a package out, to whoever has the address, until it expires. Needs no header. */
export function packageUrl(deps: Deps, { versionId, fileName }: { versionId: string; fileName: string }) {
  const url = new URL(`${deps.env.PUBLIC_URL}/files/packages/${versionId}/${encodeURIComponent(fileName)}`)
  return sealUrl(deps, url, ['package', versionId], DOWNLOAD_TTL_SECONDS)
}

/** Whether an address was made by `packageUrl` and has not expired. */
export const isGoodUrl = (deps: Deps, { versionId, ...seal }: UrlSeal & { versionId: string }): boolean =>
  isGoodSeal(deps, ['package', versionId], seal)
