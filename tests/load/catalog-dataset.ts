import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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

/** @param keep a folder in which catalogs are kept by their sizes, and where one of this size is taken up again */
export async function createCatalog(count: number, keep?: string): Promise<CatalogDataset> {
  const dir = await mkdtemp(join(tmpdir(), 'devforge-load-'))
  const place = keep === undefined ? dir : join(keep, String(count))
  // Written last: what has none was never finished.
  const note = join(place, 'loaded.json')
  const known = await readFile(note, 'utf8').then(
    (text): LoadedCatalog => JSON.parse(text),
    () => undefined,
  )
  if (!known) await rm(place, { recursive: true, force: true })
  const server = await startEmbedded({
    dir: join(place, 'data'),
    port: 0,
    durable: false,
    maxConnections: 100,
  })
  const dispose = async (): Promise<void> => {
    await server.stop()
    await rm(dir, { recursive: true, force: true })
    // Where the data had to go instead, as root.
    if (keep === undefined) await rm(server.home, { recursive: true, force: true })
  }
  try {
    await migrate(server.url)
    const loaded = known ?? (await loadCatalog(server.url, { count, now: new Date() }))
    if (!known && keep !== undefined) await writeFile(note, JSON.stringify(loaded))
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
