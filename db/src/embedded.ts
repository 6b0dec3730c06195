import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { locateBinaries } from './embedded/binaries.ts'
import { initialize, ROLE, readPassword } from './embedded/initialize.ts'
import { claimFolder, EmbeddedAlreadyRunning } from './embedded/owner.ts'
import { choosePlace, clusterIn, currentHome, type Place, prepareFolder } from './embedded/place.ts'
import { freePort, isPortFree } from './embedded/ports.ts'
import {
  readPostmasterNote,
  type Server,
  ServerStartFailed,
  startServer,
  stopOrphan,
} from './embedded/server.ts'

export { EmbeddedAlreadyRunning }

/** The database in a fresh cluster. */
const DATABASE = 'devforge'
/** Not 5432: the machine may have a PostgreSQL of its own. */
const DEFAULT_PORT = 54_329
const START_ATTEMPTS = 20
const RETRY_DELAY_MS = 100

export interface EmbeddedOptions {
  /** Folder for the data; made when missing, kept between starts. Delete it to start anew. */
  dir: string
  /** Wanted port of the loopback; a free one is taken where it is in use. `0`: any free one. Default 54329. */
  port?: number
  /** `false` for tests: much faster, and a crash of the machine may destroy the data. Default `true`. */
  durable?: boolean
  /** Default 100. */
  maxConnections?: number
  /** Told in plain words what the user may want to know: other port, other folder, an old server stopped. */
  onNotice?: (text: string) => void
}

export interface EmbeddedPostgres {
  /** With the password in it: not for logs. */
  url: string
  port: number
  /** Process id of PostgreSQL. */
  pid: number
  /** Where the data are: `dir`, or where they had to go instead. */
  home: string
  /** Whether the data folder was made by this start. */
  fresh: boolean
  /** Clean "fast" shutdown. Safe to call twice. Ending the process without it stops PostgreSQL, too. */
  stop(): Promise<void>
}

/**
 * Starts a real PostgreSQL 18 on `dir`, reachable only from this machine and only with the random password kept beside the data.
 *
 * Works as a normal user and as root (PostgreSQL then runs as an unprivileged user, see `embedded/place.ts`). The server does not
 * outlive the calling process; what a killed one left behind is cleared up by the next start.
 *
 * @throws EmbeddedAlreadyRunning when another start, or this process, runs one on `dir`
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const notice = options.onNotice ?? (() => {})
  const durable = options.durable ?? true
  const folder = await prepareFolder(options.dir)
  const claim = await claimFolder(folder, async () => {
    const note = await readPostmasterNote(clusterIn(await currentHome(folder)))
    return note?.port
  })
  try {
    const place = await choosePlace(folder, await locateBinaries(), notice)
    const fresh = !(await stat(place.cluster).catch(() => undefined))
    if (fresh) await initialize(place, durable)
    else if (await stopOrphan(place)) notice('Stopped a PostgreSQL that a killed process had left running.')
    const password = await readPassword(place.home)

    const { server, port } = await startOnSomePort(place, options, durable, notice)
    const url = (database: string): string => `postgres://${ROLE}:${password}@127.0.0.1:${port}/${database}`
    await ensureDatabase(url('postgres')).catch(async (error: unknown) => {
      await server.stop()
      throw error
    })

    let stopping: Promise<void> | undefined
    void server.exited.then((reason) => {
      if (!stopping) notice(`PostgreSQL ended by itself (${reason}); its log is in ${place.home}.`)
    })
    const stop = (): Promise<void> => {
      stopping ??= server.stop().then(() => claim.release())
      return stopping
    }
    return { url: url(DATABASE), port, pid: server.pid, home: place.home, fresh, stop }
  } catch (error) {
    await claim.release()
    throw error
  }
}

async function startOnSomePort(
  place: Place,
  options: EmbeddedOptions,
  durable: boolean,
  notice: (text: string) => void,
): Promise<{ server: Server; port: number }> {
  const wanted = options.port ?? DEFAULT_PORT
  let port = wanted !== 0 && (await isPortFree(wanted)) ? wanted : await freePort()
  for (let attempt = 1; ; attempt++) {
    try {
      const server = await startServer(place, {
        port,
        durable,
        maxConnections: options.maxConnections ?? 100,
      })
      if (wanted !== 0 && port !== wanted) notice(`Port ${wanted} is in use: PostgreSQL listens on ${port}.`)
      return { server, port }
    } catch (error) {
      if (!(error instanceof ServerStartFailed)) throw error
      if (error.alreadyRunning) {
        const note = await readPostmasterNote(place.cluster)
        throw new EmbeddedAlreadyRunning(place.home, note?.pid ?? 0, note?.port)
      }
      if (attempt === START_ATTEMPTS || !(error.portTaken || error.predecessorLingers)) throw error
      if (error.portTaken) port = await freePort()
      else await sleep(RETRY_DELAY_MS)
    }
  }
}

async function ensureDatabase(adminUrl: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} })
  try {
    const [found] = await sql`select 1 from pg_database where datname = ${DATABASE}`
    if (!found) await sql`create database ${sql(DATABASE)}`
  } finally {
    await sql.end()
  }
}
