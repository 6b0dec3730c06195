import { MINUTE } from '../../../clock.ts'
import type { Deps } from '../../../deps.ts'
import { type ChangesSince, changesSince, type Snapshot } from '../queries/catalog-changes.ts'

/** Answers are kept up to this many items in all (an item of a list is about 1 kB). */
const MAX_ITEMS = 20_000
/** What is larger is not kept: too much else would have to go. */
const MAX_ENTRY_ITEMS = MAX_ITEMS / 8
/** Questions take room, too, and strangers make them as long as they like. */
const CHARS_PER_ITEM = 1_000
/** Changes are told for an hour; whoever did not ask for this long starts anew. */
const MAX_AGE_MS = 30 * MINUTE
/** Questions under way at once; meanwhile the next ones gather. */
const MAX_IN_FLIGHT = 3

/** Of each kind of thing that is kept by extension: the best known ones, which most answers are made of (1–3 kB each). */
const MAX_EXTENSIONS = 20_000

interface Entry {
  answer: Promise<unknown>
  items: number
}

/** For statements that can tell by the way whether the catalog changed, which saves a question of its own. */
export interface Check {
  readonly since: Snapshot | null
  answer(changes: ChangesSince): void
}

/**
 * Answers about the catalog that are kept as long as they are true. Before one is given again, the database is asked whether any
 * transaction that changed the catalog has committed since: so nobody is told anything older than his own question, exactly as if
 * nothing were kept. Requests that come in together share that question, which is a lookup in an index of a few rows.
 */
class CatalogCache {
  readonly #deps: Deps
  #epoch: { snapshot: Snapshot; at: number } | null = null
  readonly #entries = new Map<string, Entry>()
  #items = 0
  /** By kind, then by extension. Replaced, not emptied, when the catalog changes: see `each`. */
  #extensions = new Map<string, Map<string, unknown>>()
  #waiting: { resolve(): void; reject(error: unknown): void }[] = []
  #inFlight = 0
  #scheduled = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /**
   * @param key names all that the answer depends on, besides the catalog
   * @param items how much there is to keep of it
   * @param make is given a check, and answers it when `answersCheck`
   */
  async read<T>(
    key: string,
    items: number,
    make: (check: Check) => Promise<T>,
    { answersCheck = false }: { answersCheck?: boolean } = {},
  ): Promise<T> {
    if (!this.#entries.has(key)) {
      // What is made from now on is no older than the question, whatever the database says of what is kept.
      const at = performance.now()
      let isCurrent = false
      const check: Check = {
        since: this.#since(at),
        answer: (changes) => {
          this.#learn(changes, at)
          isCurrent = true
        },
      }
      const answer = this.#keep(key, items, () => make(check))
      if (answersCheck) await answer
      if (!isCurrent) await Promise.all([answer, this.#current()])
      return answer
    }
    await this.#current()
    const known = this.#entries.get(key)
    // It changed, or another one took its place.
    if (!known) return this.#keep(key, items, () => make({ since: null, answer: () => {} }))
    // A Map keeps the order of insertion: the least used stand first.
    this.#entries.delete(key)
    this.#entries.set(key, known)
    return known.answer as Promise<T>
  }

  #keep<T>(key: string, items: number, make: () => Promise<T>): Promise<T> {
    const answer = make()
    const entry = { answer, items: items + 1 + key.length / CHARS_PER_ITEM }
    if (entry.items > MAX_ENTRY_ITEMS) return answer
    this.#entries.set(key, entry)
    this.#items += entry.items
    for (const [oldest, { items }] of this.#entries) {
      if (this.#items <= MAX_ITEMS) break
      this.#entries.delete(oldest)
      this.#items -= items
    }
    answer.catch(() => {
      if (this.#entries.get(key) !== entry) return
      this.#entries.delete(key)
      this.#items -= entry.items
    })
    return answer
  }

  /**
   * What answers tell of single extensions, kept by its id as long as it is true. For those who have called `read` since their own
   * question came in: it is not asked again whether anything changed.
   * @param make finds those that are not kept; what it leaves out is left out here, too
   */
  async each<T>(
    kind: string,
    ids: readonly string[],
    make: (missing: string[]) => Promise<ReadonlyMap<string, T>>,
  ): Promise<Map<string, T>> {
    let kept = this.#extensions.get(kind) as Map<string, T> | undefined
    if (!kept) {
      kept = new Map()
      this.#extensions.set(kind, kept)
    }
    const found = new Map<string, T>()
    const missing: string[] = []
    for (const id of ids) {
      const known = kept.get(id)
      if (known === undefined) missing.push(id)
      else found.set(id, known)
    }
    // A Map keeps the order of insertion: the least used stand first.
    for (const [id, known] of found) {
      kept.delete(id)
      kept.set(id, known)
    }
    if (missing.length === 0) return found
    for (const [id, made] of await make(missing)) {
      found.set(id, made)
      // Where the catalog changed meanwhile, this is a map that nobody reads any more.
      kept.set(id, made)
    }
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_EXTENSIONS) break
      kept.delete(oldest)
    }
    return found
  }

  /** Resolves once it is known, by a question put after this call, that what is kept is true. */
  #current(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= MAX_IN_FLIGHT || this.#waiting.length === 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      const batch = this.#waiting.splice(0)
      this.#inFlight++
      void this.#ask()
        .then(
          () => {
            for (const { resolve } of batch) resolve()
          },
          (error: unknown) => {
            for (const { reject } of batch) reject(error)
          },
        )
        .finally(() => {
          this.#inFlight--
          this.#schedule()
        })
    })
  }

  async #ask(): Promise<void> {
    const now = performance.now()
    this.#learn(await changesSince(this.#deps.sql, this.#since(now)), now)
  }

  #since(now: number): Snapshot | null {
    return this.#epoch && now - this.#epoch.at < MAX_AGE_MS ? this.#epoch.snapshot : null
  }

  #learn({ snapshot, changed }: ChangesSince, at: number): void {
    if (!changed) return
    // What is being made right now may be older than the change: its own callers may have it, nobody later.
    this.#entries.clear()
    this.#items = 0
    this.#extensions = new Map()
    this.#epoch = { snapshot, at }
  }
}

const caches = new WeakMap<Deps, CatalogCache>()

export function catalogCache(deps: Deps): CatalogCache {
  let cache = caches.get(deps)
  if (!cache) {
    cache = new CatalogCache(deps)
    caches.set(deps, cache)
  }
  return cache
}
