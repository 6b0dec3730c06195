import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { SECOND } from './clock.ts'
import type { Env } from './env.ts'
import { UPLOAD_MS } from './http/body-time.ts'

/** Longer than the idle time of the usual load balancers (60 s), so that they close first and never send into a closing socket. */
const KEEP_ALIVE_MS = 65 * SECOND
const HEADERS_MS = 20 * SECOND
/** Queries of GETs stand in the request line. */
const MAX_HEADER_BYTES = 32 * 1024
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
      // Node knows one limit for all; bodies that are no uploads have a shorter one.
      requestTimeout: UPLOAD_MS,
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
