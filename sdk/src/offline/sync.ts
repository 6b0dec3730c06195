import type { DevForgeErrorCode } from '../contract.ts'
import { type DevForgeError, isDevForgeError } from '../errors.ts'
import { applyLease, applyRefusal, applyRevocations, type Holding } from './apply.ts'
import { plausibleNow } from './clock-guard.ts'
import type { Identity } from './keeper.ts'
import { denialOf, fetchRevocations, type LicenseClient, type SignedReader } from './server.ts'
import { judge, type Known, type LicenseStatus } from './status.ts'

/** A lease runs for 30 days; from here on a newer one is fetched when there is a chance. */
const RENEW_AFTER_MS = 7 * 86_400_000

export interface SyncContext {
  forge: LicenseClient
  reader: SignedReader
  identity: Identity
  now(): number
  force: boolean
  signal: AbortSignal | undefined
}

export interface Synced {
  holding: Holding
  /** What kept the server from being asked, or its answer from being believed. */
  error: DevForgeError<DevForgeErrorCode> | null
}

export function knownOf({ record, lease }: Holding): Known {
  return {
    kind: 'lease',
    lease,
    denial: record.denial?.reason ?? null,
    removed: record.removed.map(({ entitlement }) => entitlement),
    keyWithdrawn: record.withdrawnKids.includes(lease.kid),
  }
}

const statusOf = (holding: Holding, wallMs: number): LicenseStatus =>
  judge(knownOf(holding), plausibleNow(holding.guard, wallMs))

function leaseIsDue(holding: Holding, wallMs: number): boolean {
  if (statusOf(holding, wallMs).state !== 'valid' || holding.record.removed.length > 0) return true
  const nowMs = plausibleNow(holding.guard, wallMs)
  return nowMs === null || nowMs - holding.lease.issuedAtMs >= RENEW_AFTER_MS
}

/** Asks the server for news of the license in hand. Never rejects for what a server or a network may do. */
export async function syncHolding(start: Holding, context: SyncContext): Promise<Synced> {
  const { forge, reader, identity, now, signal } = context
  let holding = start
  let error: Synced['error'] = null

  /** Takes a step; a failure of the server or the network is kept, and the step not taken. */
  async function step(take: () => Promise<Holding>): Promise<void> {
    try {
      holding = await take()
    } catch (failure) {
      if (!isDevForgeError(failure)) throw failure
      error ??= failure
    }
  }
  const askForLease = () =>
    forge.licenses.lease({ key: start.record.key, fingerprint: identity.fingerprint }, { signal })

  async function takeLease(asked: ReturnType<typeof askForLease>): Promise<Holding> {
    try {
      const { lease: jws } = await asked
      const { lease, keys } = await reader.lease(jws, holding.record, signal)
      return applyLease(holding, { jws, lease, keys }, identity.device, now())
    } catch (failure) {
      const reason = denialOf(failure)
      if (reason === null) throw failure
      return applyRefusal(holding, reason)
    }
  }

  // Both questions go out together, in one request.
  const due = context.force || leaseIsDue(holding, now())
  const asked = due ? askForLease() : null
  asked?.catch(() => {})
  await step(async () =>
    applyRevocations(holding, await fetchRevocations(forge, reader, holding.record, signal), now()),
  )
  if (asked) await step(() => takeLease(asked))
  else if (leaseIsDue(holding, now())) await step(() => takeLease(askForLease()))
  return { holding, error }
}
