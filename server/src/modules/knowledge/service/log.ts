import { newId } from '@devforge/db'
import type { Ctx } from '../../../context.ts'
import type { Deps } from '../../../deps.ts'
import { networkOf } from '../../../limits.ts'
import { insertSearches, type NewSearch } from '../queries/searches.ts'
import { normalizeQuery } from '../text/normalize.ts'

/** Searches are written down together, a little later: nobody waits for it, and a crash loses so much of them. */
const FLUSH_MS = 250
/** While the database is away so many wait; the next ones are not kept. */
const MAX_WAITING = 5_000

interface Waiting {
  /** By their ids, in the order that they came. */
  searches: Map<string, NewSearch & { network: string }>
  timer: NodeJS.Timeout | undefined
  /** The write that runs. */
  running: Promise<void>
}

const logs = new WeakMap<Deps, Waiting>()

function waitingOf(deps: Deps): Waiting {
  const known = logs.get(deps)
  if (known) return known
  const waiting: Waiting = { searches: new Map(), timer: undefined, running: Promise.resolve() }
  logs.set(deps, waiting)
  deps.onClose(() => flushSearches(deps))
  return waiting
}

/**
 * Writes down what was looked for and what was shown, a little later.
 * @returns what the reader can refer to, null when it is not kept
 */
export function logSearch(
  ctx: Ctx,
  search: { kind: 'search' | 'suggest'; text: string | null; locale: string; found: number; shown: string[] },
): string | null {
  const { deps } = ctx
  const waiting = waitingOf(deps)
  if (waiting.searches.size >= MAX_WAITING) return null
  const { kind, text, locale, found, shown } = search
  const id = newId('kse')
  const query = text === null ? null : normalizeQuery(text) || null
  const network = networkOf(ctx.ip)
  waiting.searches.set(id, { id, kind, query, locale, found, shown, at: deps.clock.now(), network })
  if (waiting.timer === undefined) {
    waiting.timer = setTimeout(() => void flushSearches(deps), FLUSH_MS)
    // A process that has nothing else to do may end: closing writes the rest.
    waiting.timer.unref()
  }
  return id
}

/** Writes what waits. Never throws: what cannot be written is lost, as it tells of many and not of one. */
export function flushSearches(deps: Deps): Promise<void> {
  const waiting = waitingOf(deps)
  clearTimeout(waiting.timer)
  waiting.timer = undefined
  const searches = [...waiting.searches.values()]
  waiting.searches.clear()
  // One after the other, so that whoever waits for this has waited for what came before.
  waiting.running = waiting.running.then(() => write(deps, searches))
  return waiting.running
}

async function write(deps: Deps, searches: (NewSearch & { network: string })[]): Promise<void> {
  if (searches.length === 0) return
  try {
    const kept: NewSearch[] = []
    for (const [network, own] of Map.groupBy(searches, (search) => search.network)) {
      // More than people type is answered and not written down, so that nobody fills the table.
      const isFlood = (await deps.limits.attempt('search-log:ip', network, own.length)) !== null
      if (!isFlood) kept.push(...own.map(({ network: _, ...row }) => row))
    }
    await insertSearches(deps.db, kept)
  } catch (error) {
    deps.log.warn({ err: error, searches: searches.length }, 'searches were not written down')
  }
}

/** Waits until a search that this process keeps can be referred to. Others' are there within a quarter of a second. */
export async function settleSearch(deps: Deps, searchId: string): Promise<void> {
  const waiting = logs.get(deps)
  if (!waiting) return
  await (waiting.searches.has(searchId) ? flushSearches(deps) : waiting.running)
}
