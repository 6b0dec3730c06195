const METHODS = 'GET, POST, PUT, PATCH, DELETE'
const REQUEST_HEADERS =
  'authorization, content-type, idempotency-key, x-request-id, trpc-accept, x-trpc-source'
const EXPOSED_HEADERS = 'x-request-id, retry-after'
const PREFLIGHT_SECONDS = 600

/** What a browser's page of some origin may do here. */
export interface Cors {
  /** Headers that let the origin read answers; undefined for an origin that may not. */
  headers(origin: string): Record<string, string> | undefined
  /** Headers of the answer to its preflight. */
  preflight(origin: string): Record<string, string> | undefined
  /** Whether pages of this origin may change things: our own pages and the configured ones. */
  mayCall(origin: string, host: string | null): boolean
}

/** Origins must be listed; there is no wildcard, `null` never is one, and cookies are never shared. */
export function createCors(env: { CORS_ORIGINS: string[]; PUBLIC_URL: string }): Cors {
  const listed = new Map<string, Record<string, string>>()
  for (const entry of env.CORS_ORIGINS) {
    const origin = new URL(entry).origin
    if (origin === 'null') continue
    listed.set(origin, {
      'access-control-allow-origin': origin,
      'access-control-expose-headers': EXPOSED_HEADERS,
    })
  }
  const own = new URL(env.PUBLIC_URL).origin
  return {
    headers: (origin) => listed.get(origin),
    preflight(origin) {
      const headers = listed.get(origin)
      return (
        headers && {
          ...headers,
          'access-control-allow-methods': METHODS,
          'access-control-allow-headers': REQUEST_HEADERS,
          'access-control-max-age': String(PREFLIGHT_SECONDS),
        }
      )
    },
    mayCall(origin, host) {
      if (origin === own || listed.has(origin)) return true
      // A page that we served ourselves, under whatever name this machine was reached.
      return host !== null && (origin === `http://${host}` || origin === `https://${host}`)
    },
  }
}
