import { setTimeout as sleep } from 'node:timers/promises'
import { migrate } from '@devforge/db/migrate'
import { createApp } from './app.ts'
import { type Clock, SECOND } from './clock.ts'
import { createDeps, type Deps } from './deps.ts'
import type { Env } from './env.ts'
import type { Lifecycle } from './http/health.ts'
import { prepareQueues, startWorker } from './jobs/worker.ts'
import { type Listener, listen } from './listener.ts'
import { createLog, type Logger } from './log.ts'

/** Readiness fails for this long before the port closes, so that a load balancer looks elsewhere first. */
const LAME_DUCK_MS = 2 * SECOND

export interface RunningServer {
  deps: Deps
  port: number
  url: string
  /** Drains requests, then jobs, then gives back the database. Safe to call twice. */
  stop(): Promise<void>
}

export interface StartOptions {
  log?: Logger
  /** Default: the system's. The demonstration sets it forward. */
  clock?: Clock
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
    deps = await createDeps({ ...env, PORT: listener.port, PUBLIC_URL }, { log, clock: options.clock })
  } catch (error) {
    await listener.close(0)
    throw error
  }

  async function shutDown(): Promise<void> {
    lifecycle.stopping = true
    log.info('shutting down')
    if (env.NODE_ENV === 'production') await sleep(LAME_DUCK_MS)
    // Open streams would hold the port for as long as it may take: they break off, and their clients resume elsewhere.
    await deps.realtime.close()
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
  log.info({ url: deps.env.PUBLIC_URL, port: listener.port, worker: env.WORKER }, 'ready')
  return { deps, port: listener.port, url: listener.url, stop }
}
