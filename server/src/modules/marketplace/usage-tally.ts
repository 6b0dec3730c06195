import type { UsageKind } from './queries/usage.ts'

/** An event as it was taken from the table; digests in hex. */
export interface TakenEvent {
  sequence: number
  extensionId: string
  version: string
  targetPlatform: string
  kind: UsageKind
  client: string
  network: string
  /** In UTC, `YYYY-MM-DD`. */
  day: string
  /** As Postgres spells it. */
  at: string
}

/** What the tables know of an event. */
export interface EventFacts {
  sequence: number
  /** The version exists. */
  versionExists: boolean
  /** It exists for the platform. */
  packageExists: boolean
  /** The client was counted for this kind, version and day. */
  wasSeen: boolean
  /** The client has, or had, the extension. */
  hasClient: boolean
}

export interface DailyCounts {
  extensionId: string
  day: string
  version: string
  targetPlatform: string
  downloads: number
  installs: number
  updates: number
  uninstalls: number
  uniqueInstalls: number
}

/** Where a client ended up with an extension; `version` is null when it uninstalled. */
export interface ClientEnd {
  extensionId: string
  client: string
  version: string | null
  firstAt: string
  lastAt: string
}

export interface Tally {
  counted: TakenEvent[]
  daily: DailyCounts[]
  clients: ClientEnd[]
  /** What is added to the counters of each extension. */
  totals: { extensionId: string; downloads: number; installs: number }[]
}

const keyOf = (...parts: string[]): string => parts.join('\n')
const clientKey = (event: TakenEvent): string => keyOf(event.extensionId, event.client)
export const networkKey = ({
  day,
  extensionId,
  network,
}: Pick<TakenEvent, 'day' | 'extensionId' | 'network'>) => keyOf(day, extensionId, network)

/** Events of versions that exist; whatever else a caller made up makes no rows. */
export function knownEvents(events: TakenEvent[], facts: Map<number, EventFacts>): TakenEvent[] {
  return events.flatMap((event) => {
    const fact = facts.get(event.sequence)
    if (!fact?.versionExists) return []
    return [fact.packageExists ? event : { ...event, targetPlatform: 'unknown' }]
  })
}

/** The first event of each client, kind, version and day that was not counted before. */
export function unseenEvents(known: TakenEvent[], facts: Map<number, EventFacts>): TakenEvent[] {
  const keys = new Set<string>()
  return known.filter((event) => {
    const { day, extensionId, version, kind, client } = event
    const key = keyOf(day, extensionId, version, kind, client)
    if (keys.has(key) || facts.get(event.sequence)?.wasSeen) return false
    keys.add(key)
    return true
  })
}

/** As many of them as each network may still add. `already`: what it added before, by `networkKey`. */
function withinNetworks(unseen: TakenEvent[], already: Map<string, number>, limit: number): TakenEvent[] {
  const counts = new Map(already)
  return unseen.filter((event) => {
    const key = networkKey(event)
    const count = counts.get(key) ?? 0
    if (count >= limit) return false
    counts.set(key, count + 1)
    return true
  })
}

/** Installs by clients that never had the extension, one per client. */
function firstInstalls(counted: TakenEvent[], facts: Map<number, EventFacts>): Set<number> {
  const clients = new Set<string>()
  const sequences = new Set<number>()
  for (const event of counted) {
    if (event.kind !== 'install' || facts.get(event.sequence)?.hasClient) continue
    const key = clientKey(event)
    if (!clients.has(key)) sequences.add(event.sequence)
    clients.add(key)
  }
  return sequences
}

function dailyOf(counted: TakenEvent[], unique: Set<number>): DailyCounts[] {
  const days = new Map<string, DailyCounts>()
  for (const { sequence, extensionId, day, version, targetPlatform, kind } of counted) {
    const key = keyOf(extensionId, day, version, targetPlatform)
    const none = { downloads: 0, installs: 0, updates: 0, uninstalls: 0, uniqueInstalls: 0 }
    const line = days.get(key) ?? { extensionId, day, version, targetPlatform, ...none }
    if (kind !== 'uninstall') line.downloads++
    if (kind === 'install') line.installs++
    if (kind === 'update') line.updates++
    if (kind === 'uninstall') line.uninstalls++
    if (unique.has(sequence)) line.uniqueInstalls++
    days.set(key, line)
  }
  return [...days.values()]
}

/** What is not counted still moves a client's state. One that is only heard of when it uninstalls leaves no row. */
function endsOf(known: TakenEvent[], counted: TakenEvent[], facts: Map<number, EventFacts>): ClientEnd[] {
  const arriving = new Set(
    counted.filter(({ kind }) => kind === 'install' || kind === 'update').map(clientKey),
  )
  const ends = new Map<string, ClientEnd>()
  for (const event of known) {
    const key = clientKey(event)
    if (event.kind === 'download' || !(facts.get(event.sequence)?.hasClient || arriving.has(key))) continue
    const { extensionId, client, at } = event
    ends.set(key, {
      extensionId,
      client,
      version: event.kind === 'uninstall' ? null : event.version,
      firstAt: ends.get(key)?.firstAt ?? at,
      lastAt: at,
    })
  }
  return [...ends.values()]
}

function totalsOf(daily: DailyCounts[]): Tally['totals'] {
  const totals = new Map<string, Tally['totals'][number]>()
  for (const { extensionId, downloads, uniqueInstalls } of daily) {
    const total = totals.get(extensionId) ?? { extensionId, downloads: 0, installs: 0 }
    total.downloads += downloads
    total.installs += uniqueInstalls
    totals.set(extensionId, total)
  }
  return [...totals.values()]
}

/**
 * What a batch of events, in their order, adds to the numbers. A client counts once per kind, version and day; a network brings at
 * most `networkLimit` counts per extension and day.
 */
export function tallyUsage(
  known: TakenEvent[],
  unseen: TakenEvent[],
  facts: Map<number, EventFacts>,
  networks: { already: Map<string, number>; limit: number },
): Tally {
  const counted = withinNetworks(unseen, networks.already, networks.limit)
  const daily = dailyOf(counted, firstInstalls(counted, facts))
  return { counted, daily, clients: endsOf(known, counted, facts), totals: totalsOf(daily) }
}
