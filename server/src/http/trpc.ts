import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import type { Hono } from 'hono'
import type { Deps } from '../deps.ts'
import { appRouter } from '../router.ts'
import { createRequestContext, type HttpEnv } from './context.ts'

/** More calls in one HTTP request are refused: a batch must not be a way around the limits. */
const MAX_BATCH_SIZE = 20

export function mountTrpc(app: Hono<HttpEnv>, deps: Deps): void {
  app.all('/trpc/*', (c) =>
    fetchRequestHandler({
      endpoint: '/trpc',
      req: c.req.raw,
      router: appRouter,
      createContext: () => createRequestContext(deps, c),
      maxBatchSize: MAX_BATCH_SIZE,
    }),
  )
}
