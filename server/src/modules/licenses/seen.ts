import { addMs, HOUR } from '../../clock.ts'
import type { Deps } from '../../deps.ts'

/** "Last seen" need not be finer: a check within this time of the last costs no write. */
const RESOLUTION_MS = HOUR
/** Sightings are written together, a little later: nothing that was promised depends on them. */
const FLUSH_MS = 5_000

const pending = new WeakMap<Deps, Map<string, Date>>()

/** Notes that a device was seen now. */
export function noteSeen(deps: Deps, deviceId: string, lastSeenAt: Date): void {
  const now = deps.clock.now()
  if (addMs(lastSeenAt, RESOLUTION_MS) > now) return
  let sightings = pending.get(deps)
  if (!sightings) {
    sightings = new Map()
    pending.set(deps, sightings)
    setTimeout(() => void flushSeen(deps), FLUSH_MS).unref()
  }
  sightings.set(deviceId, now)
}

/** Writes the sightings that are waiting. */
export async function flushSeen(deps: Deps): Promise<void> {
  const sightings = pending.get(deps)
  pending.delete(deps)
  if (!sightings) return
  try {
    await deps.sql`
      update license_devices d set last_seen_at = greatest(d.last_seen_at, s.at::timestamptz)
      from unnest(${[...sightings.keys()]}::text[], ${[...sightings.values()].map((at) => at.toISOString())}::text[]) as s(id, at)
      where d.id = s.id`
  } catch (error) {
    deps.log.warn({ err: error }, 'last-seen times were not written')
  }
}
