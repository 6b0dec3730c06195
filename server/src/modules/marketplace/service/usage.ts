import type { Ctx } from '../../../context.ts'
import { networkOf } from '../../../limits.ts'
import type { UsageKind } from '../queries/usage.ts'

export interface Usage {
  extensionId: string
  version: string
  targetPlatform: string
  /** What the package was asked for; `download` when nobody said. */
  kind: UsageKind
  /** The client's own id (`X-Market-User-Id`), if it sent one. Only a digest of it is kept. */
  client?: string | null | undefined
  /** The account that got the package: its reviews are those of somebody who has it. */
  userId?: string | null | undefined
}

/** Enough that two clients never meet, and half the room. */
const DIGEST_BYTES = 16
/** What doors read from a path or a header is not endless. */
const MAX_TEXT = 200

/**
 * Counts a download, an install, an update or an uninstall. Returns at once and never throws: events are buffered and written in
 * batches, and what cannot be written is not counted.
 */
export function recordUsage(ctx: Pick<Ctx, 'deps' | 'ip'>, usage: Usage): void {
  const { deps } = ctx
  const at = deps.clock.now()
  const network = networkOf(ctx.ip)
  const digest = (value: string): Buffer => deps.secrets.hmac('usage-client', value).subarray(0, DIGEST_BYTES)
  deps.usage.add({
    extensionId: usage.extensionId,
    version: usage.version.slice(0, MAX_TEXT),
    targetPlatform: usage.targetPlatform.slice(0, MAX_TEXT),
    kind: usage.kind,
    // Editors without telemetry send no id: their network stands for them, so that a loop is one client, too.
    client: digest(usage.client ? `client:${usage.client.slice(0, MAX_TEXT)}` : `network:${network}`),
    // With the day in it: networks of two days cannot be told to be one.
    network: digest(`day:${at.toISOString().slice(0, 10)}:${network}`),
    userId: usage.userId ?? null,
    at,
  })
}
