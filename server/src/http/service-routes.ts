import type { Hono } from 'hono'
import { sameSecret } from '../crypto/secrets.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { isLocal } from './client-ip.ts'
import type { HttpEnv } from './context.ts'

/** Editors and proxies keep the keys this long; a rotation announces a key well before it signs alone. */
const JWKS_MAX_AGE_SECONDS = 300

/** `/metrics` for Prometheus, and `/.well-known/jwks.json` for whoever verifies leases. */
export function mountServiceRoutes(app: Hono<HttpEnv>, deps: Deps): void {
  const { METRICS_TOKEN } = deps.env
  app.get('/metrics', async (c) => {
    const given = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    const allowed = METRICS_TOKEN === undefined ? isLocal(c) : given && sameSecret(given, METRICS_TOKEN)
    if (!allowed) throw new AppError(METRICS_TOKEN === undefined ? 'FORBIDDEN' : 'AUTH_REQUIRED')
    const { registry } = deps.metrics
    return c.body(await registry.metrics(), 200, { 'content-type': registry.contentType })
  })

  app.get('/.well-known/jwks.json', async (c) =>
    c.json(await deps.signer.jwks(), 200, {
      'cache-control': `public, max-age=${JWKS_MAX_AGE_SECONDS}`,
      // Public by nature: any page may verify a lease.
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    }),
  )
}
