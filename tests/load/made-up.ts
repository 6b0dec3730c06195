import { join } from 'node:path'
import { systemContext } from '@devforge/server/context'
import { type LoadedCatalog, loadCatalog } from '@devforge/server/sandbox/catalog/load'
import { type LoadedDesk, loadDesk } from '@devforge/server/sandbox/desk/load'
import { type LoadedHelp, loadHelp } from '@devforge/server/sandbox/help/load'
import { type Kept, openDeps, openKept } from './kept.ts'

/** @param keep a folder in which catalogs are kept by their sizes */
export const openCatalog = (count: number, keep?: string): Promise<Kept<LoadedCatalog>> =>
  openKept({
    dir: keep === undefined ? undefined : join(keep, String(count)),
    note: 'loaded.json',
    anew: true,
    load: (url) => loadCatalog(url, { count, now: new Date() }),
  })

export const openDesk = (
  count: number,
  { dir, durable = false }: { dir?: string | undefined; durable?: boolean } = {},
): Promise<Kept<LoadedDesk>> =>
  openKept({
    dir,
    note: `desk-${count}.json`,
    durable,
    load: (url) => loadDesk(url, { count, now: new Date() }),
  })

export const openHelp = (count: number, dir: string | undefined): Promise<Kept<LoadedHelp>> =>
  openKept({
    dir,
    note: `help-${count}.json`,
    async load(url) {
      const deps = await openDeps({ url })
      try {
        const ctx = systemContext(deps, { type: 'system', job: 'bench' })
        return await loadHelp(ctx, url, { count, now: new Date() })
      } finally {
        await deps.close()
      }
    },
  })
