import type { Context } from 'hono'
import type { Deps } from '../deps.ts'
import type { RequestContext } from '../trpc.ts'

/** What the middlewares leave for the routes. */
export interface HttpEnv {
  Variables: { requestId: string; clientIp: string }
}

/** The context of one request. The logger is made only if somebody logs. */
export function createRequestContext(deps: Deps, c: Context<HttpEnv>): RequestContext {
  const requestId = c.get('requestId')
  let log: RequestContext['log'] | undefined
  return {
    deps,
    db: deps.db,
    actor: { type: 'anonymous' },
    requestId,
    ip: c.get('clientIp'),
    userAgent: c.req.header('user-agent') ?? null,
    authorization: c.req.header('authorization') ?? null,
    get log() {
      log ??= deps.log.child({ requestId })
      return log
    },
    afterCommit: (effect) => effect(),
  }
}
