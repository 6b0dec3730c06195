import type { Deps } from '../../deps.ts'
import { openArchive } from '../../modules/marketplace/vsix/index.ts'
import type { Archive } from '../../modules/marketplace/vsix/types.ts'

/** Archives kept open: reading a file out of one costs then its own bytes only, not the directory's. */
const MAX_OPEN = 24

interface Entry {
  archive: Promise<Archive>
  /** Readers under way; the archive is not closed beneath them. */
  readers: number
  evicted: boolean
}

/** Packages whose files are read one by one. What lies under a key never changes. */
export interface Archives {
  /**
   * Works on the package under `key`, which stays open until `release` is called.
   * @throws FileMissing
   */
  borrow(key: string): Promise<{ archive: Archive; release: () => void }>
  /** Closes those that nobody reads, and each other one when its reader is done. */
  close(): Promise<void>
}

export function createArchives(deps: Pick<Deps, 'files' | 'log'>, maxOpen = MAX_OPEN): Archives {
  const entries = new Map<string, Entry>()

  async function open(key: string): Promise<Archive> {
    const source = await deps.files.open(key)
    try {
      return await openArchive(source)
    } catch (error) {
      await source.close()
      throw error
    }
  }

  async function close(entry: Entry): Promise<void> {
    try {
      const archive = await entry.archive.catch(() => null)
      await archive?.close()
    } catch (error) {
      deps.log.warn({ err: error }, 'a package did not close')
    }
  }

  async function evict(key: string, entry: Entry): Promise<void> {
    if (entries.get(key) === entry) entries.delete(key)
    if (entry.evicted) return
    entry.evicted = true
    if (entry.readers === 0) await close(entry)
  }

  return {
    async borrow(key) {
      let entry = entries.get(key)
      if (entry) entries.delete(key)
      else {
        entry = { archive: open(key), readers: 0, evicted: false }
      }
      // At the end: a Map keeps the order, the least used is first.
      entries.set(key, entry)
      const mine = entry
      mine.readers++
      const release = (): void => {
        mine.readers--
        if (mine.evicted && mine.readers === 0) void close(mine)
      }
      for (const [oldest, other] of entries) {
        if (entries.size <= maxOpen) break
        void evict(oldest, other)
      }
      try {
        return { archive: await mine.archive, release: once(release) }
      } catch (error) {
        void evict(key, mine)
        release()
        throw error
      }
    },
    async close() {
      await Promise.all([...entries].map(([key, entry]) => evict(key, entry)))
    },
  }
}

function once(effect: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    effect()
  }
}
