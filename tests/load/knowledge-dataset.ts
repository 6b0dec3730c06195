import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '@devforge/db/embedded'
import { migrate } from '@devforge/db/migrate'
import { systemContext } from '@devforge/server/context'
import { createDeps, type Deps } from '@devforge/server/deps'
import { parseEnv } from '@devforge/server/env'
import { createLog } from '@devforge/server/log'
import { type LoadedHelp, loadHelp } from '@devforge/server/sandbox/help/load'
import { SECRET } from './dataset.ts'

/** A PostgreSQL of its own with a made-up help. */
export interface HelpDataset extends AsyncDisposable {
  url: string
  /** Process id of PostgreSQL. */
  pid: number
  /** Where PostgreSQL writes its log. */
  home: string
  /** In a folder of its own, beside which logs and requests go. */
  file: string
  loaded: LoadedHelp
}

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

async function load(url: string, count: number): Promise<LoadedHelp> {
  const deps = await openDeps({ url })
  try {
    return await loadHelp(systemContext(deps, { type: 'system', job: 'bench' }), url, {
      count,
      now: new Date(),
    })
  } finally {
    await deps.close()
  }
}

/** @param keepIn a folder that keeps the data, and whose data are taken when there are some */
export async function createHelp(count: number, keepIn: string | undefined): Promise<HelpDataset> {
  const dir = keepIn ?? (await mkdtemp(join(tmpdir(), 'devforge-load-')))
  await mkdir(dir, { recursive: true })
  const known = join(dir, `help-${count}.json`)
  const server = await startEmbedded({ dir: join(dir, 'data'), port: 0, durable: false, maxConnections: 100 })
  const dispose = async (): Promise<void> => {
    await server.stop()
    if (keepIn !== undefined) return
    await rm(dir, { recursive: true, force: true })
    // Where the data had to go instead, as root.
    await rm(server.home, { recursive: true, force: true })
  }
  try {
    await migrate(server.url)
    const loaded: LoadedHelp = existsSync(known)
      ? JSON.parse(await readFile(known, 'utf8'))
      : await load(server.url, count)
    await writeFile(known, JSON.stringify(loaded))
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
