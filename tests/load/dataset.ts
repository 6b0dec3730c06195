import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { newId } from '@devforge/db'
import { createSecrets } from '@devforge/server/crypto/secrets'
import { newKey } from '@devforge/server/modules/licenses/keys'
import postgres from 'postgres'
import { type Kept, openKept, SECRET } from './kept.ts'

const DAY_MS = 86_400_000

/** What the load generator knows of a license: enough to ask for it, and to tell a wrong answer. */
export interface KnownLicense {
  id: string
  key: string
  /** A device that is active on it, if it has any. */
  fingerprint: string | null
  devices: number
}

export interface LoadedLicenses {
  licenses: KnownLicense[]
  /** Of PostgreSQL. */
  version: string
  seconds: number
}

/** JSON of `LoadedLicenses`, beside the data. */
const NOTE = 'licenses.json'
export const noteOf = ({ file }: { file: string }): string => join(dirname(file), NOTE)

/** `count` valid licenses, a third of them with devices, as the real code would have written them. */
export const openLicenses = (count: number): Promise<Kept<LoadedLicenses>> =>
  openKept({ dir: undefined, note: NOTE, load: (url) => load(url, count) })

async function load(url: string, count: number): Promise<LoadedLicenses> {
  const startedAt = performance.now()
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    const licenses = await fill(sql, count)
    await sql`vacuum analyze`
    const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`
    return { licenses, version: row?.version ?? '?', seconds: (performance.now() - startedAt) / 1_000 }
  } finally {
    await sql.end()
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
/** Bytes and arrays as COPY's text format spells them. */
const hex = (bytes: Buffer): string => `\\\\x${bytes.toString('hex')}`
const array = (items: string[]): string => `{${items.join(',')}}`

async function fill(sql: postgres.Sql, count: number): Promise<KnownLicense[]> {
  const secrets = createSecrets(SECRET)
  const now = new Date()
  const later = new Date(now.getTime() + 300 * DAY_MS).toISOString()
  const entitlements = array(['local-models', 'remote-models', 'updates'])
  const users: string[] = []
  const rows: string[] = []
  const deviceRows: string[] = []
  const revocations: string[] = []
  const trials: string[] = []
  const known: KnownLicense[] = []
  for (let i = 0; i < count; i++) {
    // Two licenses to a person.
    if (i % 2 === 0) users.push(newId('usr'))
    const user = users.at(-1) ?? ''
    const { key, keyHash, keyHint } = newKey(secrets)
    const id = newId('lic')
    // A perpetual license with an update window, or one for a year.
    const [expires, updates] = i % 3 === 0 ? [later, '\\N'] : ['\\N', later]
    rows.push(
      [id, user, 'pro', 'active', hex(keyHash), keyHint, '3', entitlements, expires, updates].join('\t'),
    )
    const devices = i % 10 < 3 ? 1 + (i % 3) : 0
    for (let d = 0; d < devices; d++) {
      // Seen just now: within the hour in which a check writes nothing, as nearly all are.
      const seen = now.toISOString()
      deviceRows.push([newId('dev'), id, hex(sha256(`machine-${i}-${d}`)), seen, seen].join('\t'))
    }
    if (i % 50 === 0)
      revocations.push([String(revocations.length + 1), id, 'device_removed', now.toISOString()].join('\t'))
    if (i % 10 === 5)
      trials.push(
        [newId('tri'), user, hex(sha256(`trial-${i}`)), id, now.toISOString(), now.toISOString()].join('\t'),
      )
    known.push({ id, key, fingerprint: devices > 0 ? `machine-${i}-0` : null, devices })
  }
  const copy = async (target: string, lines: string[]): Promise<void> =>
    pipeline(Readable.from(chunks(lines)), await sql.unsafe(`copy ${target} from stdin`).writable())
  await copy(
    'users (id, name, email)',
    users.map((id, i) => `${id}\tUser ${i}\tuser-${i}@example.com`),
  )
  await copy(
    'licenses (id, user_id, plan_slug, status, key_hash, key_hint, max_devices, entitlements, expires_at, updates_until)',
    rows,
  )
  await copy('license_devices (id, license_id, fingerprint_hash, activated_at, last_seen_at)', deviceRows)
  await copy('license_revocations (sequence, license_id, kind, at)', revocations)
  await copy('trials (id, user_id, fingerprint_hash, license_id, started_at, ends_at)', trials)
  return known
}

function* chunks(lines: string[]): Generator<string> {
  for (let i = 0; i < lines.length; i += 1_000) yield `${lines.slice(i, i + 1_000).join('\n')}\n`
}
