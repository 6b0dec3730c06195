import { extensionDaily, newId, ratings, reviews, users } from '@devforge/db'
import { eq, like, sql } from 'drizzle-orm'
import { addMs, DAY } from '../../src/clock.ts'
import { type AccountActor, type Ctx, systemContext } from '../../src/context.ts'
import type { Deps } from '../../src/deps.ts'
import { createPublisher, findPublisher } from '../../src/modules/marketplace/service/publishers.ts'
import { moveSums } from '../../src/modules/marketplace/service/reviews/rate.ts'
import { refreshRanks } from '../../src/modules/marketplace/service/search/index-extension.ts'
import { submitPackage } from '../../src/modules/marketplace/service/submissions/intake.ts'
import { approveSubmission } from '../../src/modules/marketplace/service/submissions/moderate.ts'
import { processSubmission } from '../../src/modules/marketplace/service/submissions/process.ts'
import { inTx } from '../../src/tx.ts'
import { createRandom, type Random } from '../catalog/random.ts'
import { DEMO_ENTRIES, type DemoEntry, PUBLISHERS } from './entries.ts'
import { opinionOf, REVIEWERS } from './opinions.ts'
import { nameOf, packageOf } from './package-of.ts'

/** Days of history that statistics show. */
const HISTORY_DAYS = 60

/**
 * Fills the store of the demo: each extension goes the whole way, from the upload through the checks and a moderator to its signature,
 * at a time in the past; then it gets its history of installs and what people think of it. Made once: what is there is left alone, and
 * what a stop interrupted is taken up again at the next start.
 * @returns how many were added
 */
export async function seedMarketplace(
  deps: Deps,
  {
    authorEmail,
    adminEmail,
    signal,
    entries = DEMO_ENTRIES,
  }: { authorEmail: string; adminEmail: string; signal?: AbortSignal; entries?: DemoEntry[] },
): Promise<number> {
  const author = await userId(deps, authorEmail)
  const admin = await userId(deps, adminEmail)
  if (!author || !admin) return 0
  const reviewers = await ensureReviewers(deps)
  let added = 0
  for (const [place, entry] of entries.entries()) {
    if (signal?.aborted) break
    if (await seedEntry(deps, { entry, random: createRandom(place + 1), author, admin, reviewers })) added++
  }
  return added
}

interface Cast {
  author: string
  admin: string
  reviewers: string[]
}

async function userId({ db }: Deps, email: string): Promise<string | undefined> {
  const [row] = await db.select({ id: users.id }).from(users).where(eq(users.email, email))
  return row?.id
}

/** People without a login, who only have opinions. */
async function ensureReviewers({ db }: Deps): Promise<string[]> {
  const mail = (n: number): string => `reviewer-${n}@devforge.localhost`
  await db
    .insert(users)
    .values(REVIEWERS.map((name, n) => ({ id: newId('usr'), name, email: mail(n), emailVerified: true })))
    .onConflictDoNothing()
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(like(users.email, 'reviewer-%@devforge.localhost'))
  return rows.map(({ id }) => id)
}

async function seedEntry(
  deps: Deps,
  { entry, random, author, admin, reviewers }: { entry: DemoEntry; random: Random } & Cast,
): Promise<boolean> {
  const identifier = `${entry.publisher}.${nameOf(entry)}`
  const known = async () => {
    const [row] = await deps.sql<{ id: string; downloads: number }[]>`
      select id, downloads::int as downloads from extensions where identifier = ${identifier}`
    return row
  }
  const before = await known()
  // Downloads are written last: whatever has some is complete.
  if (before && before.downloads > 0) return false
  const firstDays = 90 + random.below(900)
  const lastDays = random.below(Math.min(80, firstDays))
  await publish(deps, { entry, version: '1.0.0', daysAgo: firstDays, author, admin })
  const version = random.next() < 0.35 ? `1.${1 + random.below(6)}.${random.below(4)}` : '1.0.0'
  if (version !== '1.0.0') await publish(deps, { entry, version, daysAgo: lastDays, author, admin })
  const extension = await known()
  if (!extension) throw new Error(`${identifier} was not published`)
  await writeHistory(deps, { entry, random, version, extensionId: extension.id, reviewers })
  return true
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

async function publish(
  present: Deps,
  {
    entry,
    version,
    daysAgo,
    author,
    admin,
  }: { entry: DemoEntry; version: string; daysAgo: number; author: string; admin: string },
): Promise<void> {
  const at = addMs(present.clock.now(), -daysAgo * DAY)
  // Everything is done right here, and nobody wants to be told by mail of what happened years ago.
  const jobs = { ...present.jobs, enqueue: async () => {} }
  const deps: Deps = { ...present, jobs, clock: { ...present.clock, now: () => at } }
  const system = systemContext(deps, { type: 'system', job: 'seed' })
  const actor: AccountActor = { type: 'user', userId: author, sessionId: 'seed' }
  const ctx: Ctx<AccountActor> = { ...system, actor }
  const { publisher } = entry
  if (!(await findPublisher(deps.db, publisher)))
    await createPublisher(ctx, { name: publisher, displayName: PUBLISHERS.get(publisher) ?? publisher })
  const { id, status } = await submitPackage(ctx, once(packageOf(entry, version)))
  if (status === 'published') return
  await processSubmission(system, id)
  const [waiting] = await deps.sql`select from submissions where id = ${id} and status = 'needs_review'`
  if (waiting)
    await approveSubmission(
      { ...system, actor: { type: 'admin', userId: admin, sessionId: 'seed' } },
      { submissionId: id, reason: 'Looks good.' },
    )
  await processSubmission(system, id)
  await deps.sql`update outbox set sent_at = now(), sealed = null where sent_at is null and dedupe_key like ${`%${id}%`}`
}

async function writeHistory(
  deps: Deps,
  {
    entry,
    random,
    version,
    extensionId,
    reviewers,
  }: { entry: DemoEntry; random: Random; version: string; extensionId: string; reviewers: string[] },
): Promise<void> {
  const now = deps.clock.now()
  const daily = entry.installs / 500
  const growth = random.next() * 0.8
  const days = Array.from({ length: HISTORY_DAYS }, (_, i) => {
    const date = addMs(now, -i * DAY)
    const isWeekend = date.getUTCDay() % 6 === 0
    const installs = Math.round(
      daily * (1 - (growth * i) / HISTORY_DAYS) * (isWeekend ? 0.5 : 1) * (0.8 + 0.4 * random.next()),
    )
    return {
      extensionId,
      day: date.toISOString().slice(0, 10),
      version,
      targetPlatform: 'universal',
      downloads: Math.round(installs * 1.2),
      installs,
      updates: Math.round(installs * 0.3 * random.next()),
      uninstalls: Math.round(installs * 0.15 * random.next()),
      uniqueInstalls: Math.round(installs * 0.9),
    }
  })
  const count = Math.min(reviewers.length, 3 + Math.floor(Math.log2(entry.installs)))
  const start = random.below(reviewers.length)
  await inTx(systemContext(deps, { type: 'system', job: 'seed' }), async (ctx) => {
    await ctx.db.insert(extensionDaily).values(days).onConflictDoNothing()
    let [given, stars] = [0, 0]
    for (let n = 0; n < count; n++) {
      const userId = reviewers[(start + n * 7) % reviewers.length]
      if (!userId) continue
      const opinion = opinionOf(entry, random)
      const createdAt = addMs(now, -random.below(HISTORY_DAYS) * DAY)
      const [rating] = await ctx.db
        .insert(ratings)
        .values({ extensionId, userId, stars: opinion.stars, version, createdAt })
        .onConflictDoNothing()
        .returning({ id: ratings.id })
      if (!rating) continue
      given++
      stars += opinion.stars
      if (opinion.title === null) continue
      const { title, body } = opinion
      await ctx.db
        .insert(reviews)
        .values({ ratingId: rating.id, extensionId, stars: opinion.stars, title, body, createdAt })
    }
    await moveSums(ctx, { id: extensionId }, { count: given, stars })
    await ctx.db.execute(sql`
      update extensions set installs = ${entry.installs}, downloads = ${Math.round(entry.installs * 1.3)} where id = ${extensionId}`)
    await refreshRanks(ctx.db, [extensionId], now)
  })
}
