import type { Sql } from '@devforge/db'
import { createBatch } from '../../batch.ts'
import type { Deps } from '../../deps.ts'
import type { LicenseStatus } from './state.ts'

/** What `validate` and `lease` need to know of a license and of one device, and no more. */
export interface LookedUpLicense {
  id: string
  userId: string
  planSlug: string
  product: string
  status: LicenseStatus
  wasTrial: boolean
  keyHint: string
  maxDevices: number
  entitlements: string[]
  expiresAt: Date | null
  updatesUntil: Date | null
  pastDueSince: Date | null
  subscriptionId: string | null
  devicesInUse: number
  deviceId: string | null
  deviceLastSeenAt: Date | null
  /** The revocation sequence, of the same moment as the rest. */
  revocationSequence: number
}

type DateColumn = 'expiresAt' | 'updatesUntil' | 'pastDueSince' | 'deviceLastSeenAt'
/** As the statement answers: times in milliseconds since 1970, the cheapest way to carry them. */
type Row = Omit<LookedUpLicense, DateColumn> & { [K in DateColumn]: number | null } & { position: number }

const toDate = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))

const toLicense = ({ position: _, ...row }: Row): LookedUpLicense => ({
  ...row,
  expiresAt: toDate(row.expiresAt),
  updatesUntil: toDate(row.updatesUntil),
  pastDueSince: toDate(row.pastDueSince),
  deviceLastSeenAt: toDate(row.deviceLastSeenAt),
})

interface Question {
  keyHash: Buffer
  fingerprintHash: Buffer | null
}

type Lookup = (question: Question) => Promise<LookedUpLicense | null>

/** Lookups that are answered by one statement at the most. */
const MAX_BATCH = 128
/** Statements under way at once: while they run, the next lookups gather. */
const MAX_IN_FLIGHT = 4

/**
 * Looks licenses up by the hash of their key. Lookups that arrive together share one statement (`unnest` joined to the unique
 * index on `key_hash`), which makes a busy server several times as fast and costs a quiet one nothing.
 */
function createLookup(sql: Sql): Lookup {
  async function answer(questions: Question[]): Promise<(LookedUpLicense | null)[]> {
    const keys = questions.map(({ keyHash }) => keyHash.toString('hex'))
    const fingerprints = questions.map(({ fingerprintHash }) => fingerprintHash?.toString('hex') ?? null)
    const rows = await sql<Row[]>`
      select q.position::int as position, l.id, l.user_id as "userId", l.plan_slug as "planSlug", l.product, l.status,
        (l.status = 'trial' or t.id is not null) as "wasTrial", l.key_hint as "keyHint", l.max_devices as "maxDevices",
        l.entitlements, l.subscription_id as "subscriptionId", d.id as "deviceId",
        (extract(epoch from l.expires_at) * 1000)::float8 as "expiresAt", (extract(epoch from l.updates_until) * 1000)::float8 as "updatesUntil",
        (extract(epoch from l.past_due_since) * 1000)::float8 as "pastDueSince", (extract(epoch from d.last_seen_at) * 1000)::float8 as "deviceLastSeenAt",
        (select count(*)::int from license_devices c where c.license_id = l.id) as "devicesInUse",
        (select coalesce(max(r.sequence), 0)::float8 from license_revocations r) as "revocationSequence"
      from unnest(${keys}::text[], ${fingerprints}::text[]) with ordinality as q(key_hash, fingerprint_hash, position)
      join licenses l on l.key_hash = decode(q.key_hash, 'hex')
      left join license_devices d on d.license_id = l.id and d.fingerprint_hash = decode(q.fingerprint_hash, 'hex')
      left join trials t on t.license_id = l.id`
    const found = new Map(rows.map((row) => [row.position, row]))
    return questions.map((_, place) => {
      const row = found.get(place + 1)
      return row ? toLicense(row) : null
    })
  }
  return createBatch({ answer, max: MAX_BATCH, inFlight: MAX_IN_FLIGHT })
}

const lookups = new WeakMap<Deps, Lookup>()

/** The license of a key (by its hash) with the device of a fingerprint (by its SHA-256); null when there is none. */
export function lookUpLicense(
  deps: Deps,
  keyHash: Buffer,
  fingerprintHash: Buffer | null,
): Promise<LookedUpLicense | null> {
  const lookup = lookups.get(deps) ?? createLookup(deps.sql)
  lookups.set(deps, lookup)
  return lookup({ keyHash, fingerprintHash })
}
