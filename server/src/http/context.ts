import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import type { Deps } from '../deps.ts'
import { RequestLog } from '../log.ts'
import type { RequestContext } from '../trpc.ts'

/** What the edge leaves for the routes. */
export interface HttpEnv {
  /** Node's own request; absent where tests call `app.request`. */
  Bindings: { incoming?: IncomingMessage }
  Variables: {
    requestId: string
    clientIp: string
    /** Name of the route for logs and metrics; one of a bounded set. Default: the pattern that matched. */
    route?: string
    /** Code of the error that was answered, for the log. */
    errorCode?: string
  }
}

/** The context of one request. */
export function createRequestContext(
  deps: Deps,
  c: Context<HttpEnv>,
  { requestId, ip }: { requestId: string; ip: string },
): RequestContext {
  return {
    deps,
    db: deps.db,
    actor: { type: 'anonymous' },
    requestId,
    ip,
    userAgent: c.req.raw.headers.get('user-agent'),
    authorization: c.req.raw.headers.get('authorization'),
    log: new RequestLog(deps.log, requestId),
    afterCommit: (effect) => effect(),
  }
}
