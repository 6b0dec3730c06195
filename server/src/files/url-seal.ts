import { timingSafeEqual } from 'node:crypto'
import { addMs, SECOND } from '../clock.ts'
import type { Deps } from '../deps.ts'

/** What proves that an address was made here: `expires` (Unix time) and `signature` of its query. */
export interface UrlSeal {
  expires: string
  signature: string
}

const sealOf = ({ secrets }: Deps, facts: readonly string[], expires: string): Buffer =>
  secrets.hmac('file-url', [...facts, expires].join('\n'))

/** Signs what an address stands for until it expires. The first of the facts says what kind of address it is. */
export function sealUrl(deps: Deps, url: URL, facts: readonly string[], ttlSeconds: number) {
  const expiresAt = addMs(deps.clock.now(), ttlSeconds * SECOND)
  const expires = String(Math.ceil(expiresAt.getTime() / SECOND))
  url.searchParams.set('expires', expires)
  url.searchParams.set('signature', sealOf(deps, facts, expires).toString('base64url'))
  return { url: url.href, expiresAt }
}

/** Whether an address was made by `sealUrl` for these facts and has not expired. */
export function isGoodSeal(deps: Deps, facts: readonly string[], { expires, signature }: UrlSeal): boolean {
  if (!/^\d{1,12}$/.test(expires) || Number(expires) * SECOND < deps.clock.now().getTime()) return false
  const given = Buffer.from(signature, 'base64url')
  const seal = sealOf(deps, facts, expires)
  return given.length === seal.length && timingSafeEqual(given, seal)
}
