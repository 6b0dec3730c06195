import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { migrate } from '@devforge/db/migrate'
import { createAdaptorServer } from '@hono/node-server'
import { createApp } from './app.ts'
import { MINUTE, SECOND } from './clock.ts'
import { createDeps, type Deps } from './deps.ts'
import type { Env } from './env.ts'
import type { Lifecycle } from './http/health.ts'
import { prepareQueues, startWorker } from './jobs/worker.ts'
import { createLog, type Logger } from './log.ts'

/** Longer than the idle time of the usual load balancers (60 s), so that they close first and never send into a closing socket. */
const KEEP_ALIVE_MS = 65 * SECOND
const HEADERS_MS = 20 * SECOND
const REQUEST_MS = MINUTE
/** Queries of GETs stand in the request line. */
const MAX_HEADER_BYTES = 32 * 1024
/** Readiness fails for this long before the port closes, so that a load balancer looks elsewhere first. */
const LAME_DUCK_MS = 2 * SECOND
const POLL_MS = 50

type Handler = (request: Request, env: { incoming: IncomingMessage }) => Response | Promise<Response>

/** A port that is ours, before there is anything to answer with. */
export interface Listener {
  port: number
  /** As a client on this machine reaches it. */
  url: string
  /** From now on this one answers. */
  attach(handler: Handler): void
  /** Stops accepting; requests under way get until the deadline. */
  close(deadlineMs: number): Promise<void>
}

/** The port is taken by another program. */
export class PortInUse extends Error {
  readonly port: number
  constructor(host: string, port: number) {
    super(
      `Port ${port} of ${host} is in use by another program. Stop that one, or choose another port: PORT=${port + 1}, or PORT=0 for any free one.`,
    )
    this.name = 'PortInUse'
    this.port = port
  }
}

/** Until the database is migrated and everything is set up. */
const starting: Handler = (request) =>
  new URL(request.url).pathname === '/health/live'
    ? Response.json({ live: true })
    : Response.json(
        {
          error: { code: 'UNAVAILABLE', message: 'The server is starting.', details: null, requestId: null },
        },
        { status: 503, headers: { 'retry-after': '1' } },
      )

/** Takes the port, so that it is known (and known to be free) before anything else is touched. @throws PortInUse */
export async function listen({ HOST, PORT }: Pick<Env, 'HOST' | 'PORT'>): Promise<Listener> {
  let handler = starting
  const server = createAdaptorServer({
    fetch: (request, env) => handler(request, env as { incoming: IncomingMessage }),
    hostname: HOST,
    serverOptions: {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
  }) as Server
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortInUse(HOST, PORT) : error),
    )
    server.listen(PORT, HOST, resolve)
  })
  const { port } = server.address() as AddressInfo
  const host = HOST === '0.0.0.0' || HOST === '::' ? '127.0.0.1' : HOST.includes(':') ? `[${HOST}]` : HOST
  return {
    port,
    url: `http://${host}:${port}`,
    attach(next) {
      handler = next
    },
    async close(deadlineMs) {
      const deadline = performance.now() + deadlineMs
      let closed = false
      server.close(() => {
        closed = true
      })
      // Connections that were busy when the server closed are idle once they have their answer.
      while (!closed && performance.now() < deadline) {
        server.closeIdleConnections()
        await sleep(POLL_MS)
      }
      server.closeAllConnections()
    },
  }
}

export interface RunningServer {
  deps: Deps
  port: number
  url: string
  /** Drains requests, then jobs, then gives back the database. Safe to call twice. */
  stop(): Promise<void>
}

export interface StartOptions {
  log?: Logger
  /** A port that was taken already. */
  listener?: Listener
  /** Runs after migrating and before the first request. */
  prepare?(deps: Deps): Promise<void>
}

/**
 * Migrates, sets up the queues, answers on the port, and works on jobs if WORKER is set.
 * @throws PortInUse, and whatever keeps the database from being used
 */
export async function startServer(
  env: Env & { DATABASE_URL: string },
  options: StartOptions = {},
): Promise<RunningServer> {
  const log = options.log ?? createLog(env.LOG_LEVEL)
  const listener = options.listener ?? (await listen(env))
  const timeoutMs = env.SHUTDOWN_TIMEOUT_SECONDS * SECOND
  const lifecycle: Lifecycle = { stopping: false }
  let deps: Deps
  try {
    await migrate(env.DATABASE_URL)
    // With PORT=0 the address, which is also the issuer of tokens, is known only now.
    const PUBLIC_URL = new URL(env.PUBLIC_URL).port === '0' ? listener.url : env.PUBLIC_URL
    deps = await createDeps({ ...env, PORT: listener.port, PUBLIC_URL }, { log })
  } catch (error) {
    await listener.close(0)
    throw error
  }

  async function shutDown(): Promise<void> {
    lifecycle.stopping = true
    log.info('shutting down')
    if (env.NODE_ENV === 'production') await sleep(LAME_DUCK_MS)
    await listener.close(timeoutMs)
    await deps.close()
    log.info('stopped')
  }
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= shutDown()
    return stopping
  }

  try {
    await prepareQueues(deps)
    await options.prepare?.(deps)
    listener.attach(createApp(deps, lifecycle).fetch)
    if (env.WORKER) await startWorker(deps)
  } catch (error) {
    await stop()
    throw error
  }
  log.info({ url: deps.env.PUBLIC_URL, worker: env.WORKER }, 'ready')
  return { deps, port: listener.port, url: listener.url, stop }
}
