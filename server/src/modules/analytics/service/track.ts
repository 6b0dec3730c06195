import { addMs, DAY, MINUTE } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { networkOf } from '../../../limits.ts'
import { anonymous, isAnonymousName } from '../privacy.ts'
import { insertEvents } from '../queries/events.ts'
import type { TrackInput } from '../schemas/track.ts'

/** Older events are not taken. What was taken is kept longer than that, so that a retry is always known. */
export const MAX_AGE_DAYS = 30
/** Clocks are a little off. */
const MAX_AHEAD_MS = 5 * MINUTE
/** Enough that two clients never meet. */
const DIGEST_BYTES = 16

type Refusal = 'too_old' | 'in_future' | 'name'

function refusalOf(event: TrackInput['events'][number], now: Date): Refusal | null {
  if (event.at < addMs(now, -MAX_AGE_DAYS * DAY)) return 'too_old'
  if (event.at > addMs(now, MAX_AHEAD_MS)) return 'in_future'
  return isAnonymousName(event.name) ? null : 'name'
}

async function limit(ctx: Ctx, client: Buffer): Promise<void> {
  const { limits } = ctx.deps
  const waits = await Promise.all([
    limits.attempt('analytics:client', client.toString('hex')),
    limits.attempt('analytics:ip', networkOf(ctx.ip)),
  ])
  const retryAfterSeconds = Math.max(...waits.map((wait) => wait ?? 0))
  if (retryAfterSeconds > 0) throw new AppError('RATE_LIMITED', { retryAfterSeconds })
}

/**
 * Takes a batch of events, each once however often it is sent. Keeps neither who is asking nor from where: the client as a digest under
 * a secret, properties without what looks like a token, a mail address or a path. A clock that is wrong costs its events, not the batch.
 * @throws RATE_LIMITED
 */
export async function track(ctx: Ctx, { clientId, events }: TrackInput) {
  const client = ctx.deps.secrets.hmac('analytics-client', clientId).subarray(0, DIGEST_BYTES)
  await limit(ctx, client)
  const now = ctx.deps.clock.now()
  const refused: { id: string; reason: Refusal }[] = []
  const taken = events.flatMap((event) => {
    const reason = refusalOf(event, now)
    if (reason !== null) {
      refused.push({ id: event.id, reason })
      return []
    }
    return [{ ...event, at: event.at.toISOString(), properties: anonymous(event.properties) }]
  })
  const accepted = taken.length === 0 ? 0 : await insertEvents(ctx.db, { client, events: taken, now })
  return { accepted, duplicates: taken.length - accepted, refused }
}
