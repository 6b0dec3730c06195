import { createBatch } from '../../batch.ts'
import type { Deps } from '../../deps.ts'
import { findLiveSessions, type LiveSession } from './queries.ts'

type Lookup = (sessionId: string) => Promise<LiveSession | undefined>
const lookups = new WeakMap<Deps, Lookup>()

function createLookup({ db, clock }: Deps): Lookup {
  return createBatch({
    async answer(sessionIds: string[]) {
      const found = await findLiveSessions(db, { sessionIds, now: clock.now() })
      return sessionIds.map((id) => found.get(id))
    },
    max: 1_000,
    // However many listen, whoever works has the other connections.
    inFlight: 1,
  })
}

/** A session, if it still lives, as it is after this call. Those that are asked for together share a statement. */
export async function lookUpSession(
  deps: Deps,
  { userId, sessionId }: { userId: string; sessionId: string },
): Promise<LiveSession | undefined> {
  const lookup = lookups.get(deps) ?? createLookup(deps)
  lookups.set(deps, lookup)
  const found = await lookup(sessionId)
  return found?.userId === userId ? found : undefined
}
