import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '@devforge/db/embedded'
import { migrate } from '@devforge/db/migrate'
import { type LoadedCatalog, loadCatalog } from '@devforge/server/sandbox/catalog/load'

/** A PostgreSQL of its own with a made-up catalog. */
export interface CatalogDataset extends AsyncDisposable {
  url: string
  /** Process id of PostgreSQL. */
  pid: number
  home: string
  /** In a folder of its own, beside which logs go. */
  file: string
  loaded: LoadedCatalog
}

export async function createCatalog(count: number): Promise<CatalogDataset> {
  const dir = await mkdtemp(join(tmpdir(), 'devforge-load-'))
  const server = await startEmbedded({ dir: join(dir, 'data'), port: 0, durable: false, maxConnections: 100 })
  const dispose = async (): Promise<void> => {
    await server.stop()
    await rm(dir, { recursive: true, force: true })
    // Where the data had to go instead, as root.
    await rm(server.home, { recursive: true, force: true })
  }
  try {
    await migrate(server.url)
    const loaded = await loadCatalog(server.url, { count, now: new Date() })
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
