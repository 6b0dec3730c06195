import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '@devforge/db/embedded'
import { migrate } from '@devforge/db/migrate'
import { type LoadedDesk, loadDesk } from '@devforge/server/sandbox/desk/load'

/** A PostgreSQL of its own with a made-up desk. */
export interface DeskDataset extends AsyncDisposable {
  url: string
  /** Process id of PostgreSQL. */
  pid: number
  /** Where PostgreSQL writes its log. */
  home: string
  /** In a folder of its own, beside which logs and requests go. */
  file: string
  loaded: LoadedDesk
}

/**
 * @param keepIn a folder that keeps the data, and whose data are taken when there are some
 * @param durable whether commits wait for the disk
 */
export async function createDesk(
  count: number,
  { keepIn, durable }: { keepIn: string | undefined; durable: boolean },
): Promise<DeskDataset> {
  const dir = keepIn ?? (await mkdtemp(join(tmpdir(), 'devforge-load-')))
  await mkdir(dir, { recursive: true })
  const known = join(dir, `desk-${count}.json`)
  const server = await startEmbedded({ dir: join(dir, 'data'), port: 0, durable, maxConnections: 100 })
  const dispose = async (): Promise<void> => {
    await server.stop()
    if (keepIn !== undefined) return
    await rm(dir, { recursive: true, force: true })
    // Where the data had to go instead, as root.
    await rm(server.home, { recursive: true, force: true })
  }
  try {
    await migrate(server.url)
    const loaded: LoadedDesk = existsSync(known)
      ? JSON.parse(await readFile(known, 'utf8'))
      : await loadDesk(server.url, { count, now: new Date() })
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
