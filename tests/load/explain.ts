// `pnpm bench:explain`: the plans of the hot statements among 100,000 licenses, and of those of the search among 100,000 extensions, as
// PostgreSQL really ran them for the real services.
// Fails when one of them reads a large table from end to end.
import { randomBytes } from 'node:crypto'
import { newId } from '@devforge/db'
import { systemClock } from '@devforge/server/clock'
import type { Actor, Ctx } from '@devforge/server/context'
import { sha256 } from '@devforge/server/crypto/secrets'
import type { Deps } from '@devforge/server/deps'
import { prepareQueues } from '@devforge/server/jobs/worker'
import { lookupHash } from '@devforge/server/modules/licenses/keys'
import { lookUpLicense } from '@devforge/server/modules/licenses/lookup'
import { licensesToExpire } from '@devforge/server/modules/licenses/queries/licenses'
import { lease, revocations } from '@devforge/server/modules/licenses/service/lease'
import { listLicenses } from '@devforge/server/modules/licenses/service/manage'
import { storeEvent } from '@devforge/server/modules/payments/queries/intake'
import { versionOf } from '@devforge/server/modules/payments/queries/versions'
import { waitingEvents } from '@devforge/server/modules/payments/queries/webhooks'
import { type KnownLicense, openLicenses } from './dataset.ts'
import { explainSearch } from './explain-search.ts'
import { openDeps } from './kept.ts'
import { readOptions, text } from './options.ts'
import { explainEverything, showPlans } from './plans.ts'
import { say } from './report.ts'

const LICENSES = 100_000
const { keep } = readOptions(
  'explain',
  'the plans of the hot statements among 100,000 licenses, and of those of the search among 100,000 extensions.\nFails when one of them reads a large table from end to end.',
  { keep: text('folder', 'the catalog stays there, as that of bench:search, and is taken up again') },
)
/** Tables that grow with the business: reading one from end to end is what must not happen. */
const LARGE = [
  'licenses',
  'license_devices',
  'license_events',
  'users',
  'trials',
  'checkouts',
  'webhook_events',
]

async function showAll(deps: Deps): Promise<void> {
  const some = (count: number): KnownLicense[] =>
    data.loaded.licenses.filter((one) => one.fingerprint !== null).slice(0, count)
  const look = (count: number) =>
    Promise.all(
      some(count).map(({ key, fingerprint }) =>
        lookUpLicense(deps, lookupHash(deps.secrets, key) ?? Buffer.alloc(0), sha256(fingerprint ?? '')),
      ),
    )
  const [first] = some(1)
  if (!first?.fingerprint) throw new Error('no license has a device')
  const { key, fingerprint } = first
  const [owner] = await deps.sql<{ userId: string }[]>`
    select user_id as "userId" from licenses where id = ${first.id}`
  const user: Actor & { type: 'user' } = { type: 'user', userId: owner?.userId ?? '', sessionId: 'ses_bench' }
  const now = systemClock.now()
  // Makes the signing key, which is not what is looked at here.
  await lease(contextOf(deps), { key, fingerprint })

  await show('validate: one lookup', () => look(1))
  await show('validate: 32 lookups that came together', () => look(32))
  await show('lease: the lookup and what extensions add', () => lease(contextOf(deps), { key, fingerprint }))
  await show('revocations: what is new for an editor', () => revocations(contextOf(deps), { since: 1_900 }))
  await show("licenses.list: a person's licenses with their devices in use", () =>
    listLicenses(contextOf(deps, user), { limit: 20 }),
  )
  await show('checkout of a Stripe session, locked', () =>
    deps.db.transaction((db) => versionOf(db, 'checkout', 'cs_test_4711', { lock: true })),
  )
  await show(
    'webhook intake: a new event and its job',
    () => store(deps, `evt_${randomBytes(8).toString('hex')}`),
    { warm: false },
  )
  await show('webhook intake: an event that is known', () => store(deps, 'evt_4711'))
  await show('job: events whose job was lost', () => waitingEvents(deps.db, { before: now, limit: 100 }))
  await show('job: licenses to expire', () =>
    licensesToExpire(deps.db, { now, pastDueBefore: now, limit: 100 }),
  )
}

async function show(title: string, act: () => Promise<unknown>, { warm = true } = {}): Promise<void> {
  failures.push(...(await showPlans(data, title, act, { large: LARGE, warm })))
}

const store = (deps: Deps, id: string): Promise<boolean> =>
  storeEvent(deps.sql, deps.jobs, {
    id,
    type: 'charge.refunded',
    apiVersion: null,
    livemode: false,
    body: '{"id":"evt"}',
    occurredAt: new Date(),
    receivedAt: new Date(),
    status: 'received',
  })

const contextOf = <A extends Actor>(deps: Deps, actor?: A): Ctx<A> =>
  ({
    deps,
    db: deps.db,
    actor: actor ?? { type: 'anonymous' },
    requestId: 'bench',
    ip: '127.0.0.1',
    userAgent: null,
    log: deps.log,
    afterCommit: (effect: () => void) => effect(),
  }) as unknown as Ctx<A>

/** Checkouts and webhook events of a few years. */
async function fillPayments({ sql, ...deps }: Deps): Promise<void> {
  await prepareQueues({ sql, ...deps })
  const hundred = Array.from({ length: 50_000 }, () => newId('chk'))
  await sql`
    insert into checkouts (id, user_id, kind, plan_slug, currency, success_url, cancel_url, status, request_hash, stripe_idempotency_key, stripe_session_id)
    select c.id, u.id, 'plan', 'pro', 'usd', 'https://example.com/', 'https://example.com/', 'complete', '', 'key_' || c.n, 'cs_test_' || c.n
    from unnest(${hundred}::text[]) with ordinality as c(id, n)
    join (select id, row_number() over () as n from users) u on u.n = c.n`
  await sql`
    insert into webhook_events (id, type, livemode, payload, status, occurred_at, received_at, processed_at)
    select 'evt_' || n, 'charge.succeeded', false, '{}', case when n % 5000 = 0 then 'received' else 'processed' end::webhook_status, now(), now() - n * interval '1 minute', now()
    from generate_series(1, 100000) n`
  await sql`vacuum analyze`
}

await using data = await openLicenses(LICENSES)
const deps = await openDeps(data)
const failures: string[] = []
try {
  await fillPayments(deps)
  await explainEverything(data)
  const explained = await openDeps(data)
  try {
    await showAll(explained)
  } finally {
    await explained.close()
  }
} finally {
  await deps.close()
}
failures.push(...(await explainSearch(keep)))
if (failures.length > 0) {
  say(`\nRead from end to end: ${failures.join('; ')}`)
  process.exitCode = 1
} else say('\nNo large table was read from end to end.')
