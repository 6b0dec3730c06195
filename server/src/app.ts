import { Hono } from 'hono'
import { requestId } from 'hono/request-id'
import type { Deps } from './deps.ts'
import type { HttpEnv } from './http/context.ts'
import { mountTrpc } from './http/trpc.ts'

/** The Hono app over its dependencies. Opens nothing and listens nowhere: tests call `app.request`. */
export function createApp(deps: Deps): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>()
  app.use(requestId())
  app.use(async (c, next) => {
    c.set('clientIp', '127.0.0.1')
    await next()
  })
  mountTrpc(app, deps)
  return app
}
