import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '@devforge/db/embedded'
import { migrate } from '@devforge/db/migrate'
import { createDeps, type Deps } from '@devforge/server/deps'
import { parseEnv } from '@devforge/server/env'
import { createLog } from '@devforge/server/log'
import { explainNothing } from './plans.ts'

export const SECRET = 'secret-of-the-bench-which-guards-nothing'

/** A PostgreSQL of its own with made-up data. */
export interface Kept<T> extends AsyncDisposable {
  url: string
  /** Process id of PostgreSQL. */
  pid: number
  /** Where PostgreSQL writes its log. */
  home: string
  /** In a folder of its own, beside which logs and requests go. */
  file: string
  loaded: T
}

interface KeptOptions<T> {
  /** Keeps the data, and its data are taken when there are some. Without one they go with the process. */
  dir: string | undefined
  /** File of `dir` with what was loaded. Written last: what has none was never finished. */
  note: string
  /** Whether what was never finished goes: only for a folder that cannot hold other data. */
  anew?: boolean
  /** Whether commits wait for the disk. */
  durable?: boolean
  load(url: string): Promise<T>
}

/** Takes up what is kept in a folder, or loads it. */
export async function openKept<T>({
  dir: keepIn,
  note,
  anew = false,
  durable = false,
  load,
}: KeptOptions<T>): Promise<Kept<T>> {
  const dir = keepIn ?? (await mkdtemp(join(tmpdir(), 'devforge-load-')))
  await mkdir(dir, { recursive: true })
  const known = await readFile(join(dir, note), 'utf8').then(
    (text): T => JSON.parse(text),
    () => undefined,
  )
  const data = join(dir, 'data')
  if (known === undefined && anew) await rm(data, { recursive: true, force: true })
  const server = await startEmbedded({ dir: data, port: 0, durable, maxConnections: 100 })
  const dispose = async (): Promise<void> => {
    await server.stop()
    if (keepIn !== undefined) return
    await rm(dir, { recursive: true, force: true })
    // Where the data had to go instead, as root.
    await rm(server.home, { recursive: true, force: true })
  }
  try {
    await migrate(server.url)
    await explainNothing(server)
    const loaded = known ?? (await load(server.url))
    if (known === undefined) await writeFile(join(dir, note), JSON.stringify(loaded))
    return {
      url: server.url,
      pid: server.pid,
      home: server.home,
      file: join(dir, 'requests.json'),
      loaded,
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** What the server works with, on the data of a bench: no jobs, no limit of requests. */
export function openDeps({ url }: { url: string }): Promise<Deps> {
  const env = parseEnv({
    NODE_ENV: 'test',
    DATABASE_URL: url,
    DEVFORGE_SECRET: SECRET,
    WORKER: 'false',
    REQUESTS_PER_MINUTE: '1000000000',
  })
  return createDeps({ ...env, DATABASE_URL: url }, { log: createLog('error') })
}
