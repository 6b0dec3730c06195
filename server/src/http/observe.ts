import type { Counter, Histogram } from 'prom-client'
import type { Deps } from '../deps.ts'
import type { Visit } from './edge.ts'

export interface Outcome {
  method: string
  /** Without its query, which may hold a license key. */
  path: string
  /** From a bounded set: a procedure, a route's pattern, `batch` or `other`. */
  route: string
  status: number
  errorCode?: string | undefined
}

/** Counts requests and writes one log line for each. */
export interface Observer {
  request(visit: Visit, outcome: Outcome): void
  /** Counts one call of a batch, which is one request. */
  call(visit: Visit, route: string, status: number): void
}

/** Longer paths are somebody's attempt to fill the log. */
const MAX_PATH_LENGTH = 200
/** Asked every few seconds by machines. */
const QUIET = /^\/(?:health\/|metrics$)/

/** Files that people attach are called what they are about: whose log is kept need not say. */
const NAMED_FILE = /^(\/files\/attachments\/[^/]*\/)./

function loggedPath(path: string): string {
  const [, folder] = NAMED_FILE.exec(path) ?? []
  if (folder !== undefined) return `${folder}…`
  return path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH)}…` : path
}

export function createObserver({ log, metrics }: Deps): Observer {
  // Our own fields hold no secrets under known names; skipping field redaction makes the line cheap. The net by looks stays.
  const requestLog = log.child({}, { redact: [] })
  const countersByRoute = new Map<string, Counter.Internal>()
  const timersByRoute = new Map<string, Histogram.Internal<'route'>>()

  function count(visit: Visit, route: string, status: number): number {
    const ms = performance.now() - visit.startedAt
    const key = `${route} ${status}`
    let counter = countersByRoute.get(key)
    if (!counter) {
      counter = metrics.requests.labels({ route, status: String(status) })
      countersByRoute.set(key, counter)
    }
    counter.inc()
    let timer = timersByRoute.get(route)
    if (!timer) {
      timer = metrics.requestSeconds.labels({ route })
      timersByRoute.set(route, timer)
    }
    timer.observe(ms / 1000)
    return ms
  }

  return {
    call: count,
    request(visit, { method, path, route, status, errorCode }) {
      const ms = count(visit, route, status)
      const level = status >= 500 ? 'warn' : QUIET.test(path) ? 'debug' : 'info'
      requestLog[level](
        {
          requestId: visit.requestId,
          method,
          path: loggedPath(path),
          route,
          status,
          error: errorCode,
          ms: Math.round(ms * 10) / 10,
          ip: visit.ip,
        },
        'request',
      )
    },
  }
}
