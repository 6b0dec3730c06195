import { type AnalyticsStorage, parseRecord, type QueuedEvent, spellRecord } from './record.ts'

/** What another process did to the storage that both use. */
type Seen = 'ours' | 'withdrawn' | 'renewed'

/** Events that wait, here and in storage. Of several processes each sends its own, and what earlier ones left. */
export interface EventQueue {
  readonly size: number
  add(event: QueuedEvent): void
  /** The oldest. */
  first(count: number): QueuedEvent[]
  /** Sent, or given up: gone from here and, with the next save, from storage. */
  remove(ids: Iterable<string>): void
  /** Takes up what earlier processes left. @returns who this client is */
  open(): Promise<string>
  /** Writes what waits. Nothing, if the consent was withdrawn by another process. */
  save(clientId: string): Promise<Seen>
  /** Forgets what waits here. */
  forget(): void
  /** Removes the record from storage. */
  clear(): Promise<void>
}

export interface QueueOptions {
  storage: AnalyticsStorage
  maxEvents: number
  /** Told how many of the oldest had to go to make room. */
  onDropped: (events: number) => void
}

export function createQueue({ storage, maxEvents, onDropped }: QueueOptions): EventQueue {
  const events = new Map<string, QueuedEvent>()
  /** No longer to be kept in storage. */
  const gone = new Set<string>()
  /** Whether storage holds a record of ours: only then does its absence mean something. */
  let kept = false

  /** Makes room: the oldest go. */
  function trim(list: QueuedEvent[]): QueuedEvent[] {
    const sorted = list.toSorted((a, b) => a.atMs - b.atMs)
    const excess = sorted.slice(0, Math.max(0, sorted.length - maxEvents))
    for (const { id } of excess) events.delete(id)
    if (excess.length > 0) onDropped(excess.length)
    return sorted.slice(excess.length)
  }

  async function write(clientId: string, list: QueuedEvent[]): Promise<void> {
    const removed = [...gone]
    await storage.write(spellRecord({ clientId, events: list }))
    kept = true
    for (const id of removed) gone.delete(id)
  }

  const merged = (stored: readonly QueuedEvent[]): QueuedEvent[] => {
    const all = new Map(stored.filter(({ id }) => !gone.has(id)).map((event) => [event.id, event]))
    for (const event of events.values()) all.set(event.id, event)
    return [...all.values()]
  }

  return {
    get size() {
      return events.size
    },
    add(event) {
      events.set(event.id, event)
      if (events.size > maxEvents) trim([...events.values()])
    },
    first: (count) => [...events.values()].toSorted((a, b) => a.atMs - b.atMs).slice(0, count),
    remove(ids) {
      for (const id of ids) {
        events.delete(id)
        gone.add(id)
      }
    },
    async open() {
      const stored = parseRecord(await storage.read())
      const clientId = stored?.clientId ?? globalThis.crypto.randomUUID()
      const list = trim(merged(stored?.events ?? []))
      for (const event of list) events.set(event.id, event)
      await write(clientId, list)
      return clientId
    },
    async save(clientId) {
      const stored = parseRecord(await storage.read())
      if (kept && stored === null) return 'withdrawn'
      if (stored !== null && stored.clientId !== clientId) return 'renewed'
      await write(clientId, trim(merged(stored?.events ?? [])))
      return 'ours'
    },
    forget() {
      events.clear()
      gone.clear()
      kept = false
    },
    clear: () => storage.clear(),
  }
}
