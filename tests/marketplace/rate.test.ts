import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type PlacedExtension, placeExtension } from '../support/extensions.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let owner: Person
let ada: Person
let crowd: Person[]
let extension: PlacedExtension
beforeAll(async () => {
  t = await createTestApp({ env: { DATABASE_POOL_MAX: '60' } })
  owner = await signUp(t)
  ada = await signUp(t)
  crowd = await Promise.all(Array.from({ length: 50 }, () => signUp(t)))
})
afterAll(() => t[Symbol.asyncDispose]())
beforeEach(async () => {
  extension = await placeExtension(t, { owner, versions: ['1.0.0', '2.0.0'] })
})

const rate = (person: Person, stars: number) =>
  person.forge.call('marketplace.rate', 'mutation', { id: extension.id, stars })
const unrate = (person: Person) => person.forge.call('marketplace.unrate', 'mutation', { id: extension.id })
const review = (person: Person, stars: number) =>
  person.forge.call('marketplace.review', 'mutation', { id: extension.id, stars, title: 'T', body: 'B' })

/** The sums on the extension's row beside what the ratings themselves add up to. */
async function sums() {
  const [row] = await t.deps.sql`
    select e.rating_count, e.rating_sum::int, count(r.id)::int as counted, coalesce(sum(r.stars), 0)::int as summed
    from extensions e left join ratings r on r.extension_id = e.id
      and not exists (select from reviews v where v.rating_id = r.id and v.hidden)
    where e.id = ${extension.rowId} group by e.id`
  return row
}

test('one rating per person: given, changed, taken back', async () => {
  expect(await rate(ada, 4)).toMatchObject({
    id: extension.id,
    stars: 4,
    review: null,
    rating: { average: 4, count: 1 },
  })
  const [other] = crowd
  if (!other) throw new Error('nobody there')
  expect((await rate(other, 1)).rating).toEqual({ average: 2.5, count: 2 })
  expect((await rate(ada, 5)).rating).toEqual({ average: 3, count: 2 })
  expect(await sums()).toEqual({ rating_count: 2, rating_sum: 6, counted: 2, summed: 6 })
  const [row] = await t.deps
    .sql`select version from ratings where user_id = ${ada.id} and extension_id = ${extension.rowId}`
  expect(row?.version).toBe('2.0.0')

  expect(await unrate(ada)).toEqual({ removed: true, rating: { average: 1, count: 1 } })
  expect(await unrate(ada)).toEqual({ removed: false, rating: { average: 1, count: 1 } })
  expect(await unrate(other)).toEqual({ removed: true, rating: { average: null, count: 0 } })
  expect(await sums()).toEqual({ rating_count: 0, rating_sum: 0, counted: 0, summed: 0 })
})

test('fifty people rate at once: the average is exact', async () => {
  const [before] = await t.deps
    .sql`select deadlocks::int from pg_stat_database where datname = current_database()`
  await Promise.all(crowd.map((person, n) => rate(person, (n % 5) + 1)))
  expect(await sums()).toEqual({ rating_count: 50, rating_sum: 150, counted: 50, summed: 150 })

  // Now some change, some take back, some review, and one clicks many times: all at once.
  const [clicker, ...others] = crowd
  if (!clicker) throw new Error('nobody there')
  await Promise.all([
    ...Array.from({ length: 10 }, (_, n) => rate(clicker, (n % 5) + 1)),
    ...others.map((person, n) =>
      n % 3 === 0 ? unrate(person) : n % 3 === 1 ? rate(person, 5) : review(person, 2),
    ),
    ...others.filter((_, n) => n % 3 === 0).map((person) => rate(person, 1)),
  ])
  const after = await sums()
  expect(after).toMatchObject({ rating_count: after?.counted, rating_sum: after?.summed })
  expect(after?.rating_count).toBeGreaterThanOrEqual(33)
  const [deadlocks] = await t.deps
    .sql`select deadlocks::int from pg_stat_database where datname = current_database()`
  expect(deadlocks).toEqual(before)
  const apart = await t.deps.sql`
    select r.id from ratings r join reviews v on v.rating_id = r.id where v.stars <> r.stars`
  expect(apart).toEqual([])
})

test('the first rating of one person from two windows at once counts once', async () => {
  for (let round = 0; round < 5; round++) {
    await Promise.all([rate(ada, 1), rate(ada, 5), review(ada, 3), rate(ada, 2)])
    const after = await sums()
    expect(after).toMatchObject({ rating_count: 1, counted: 1, rating_sum: after?.summed })
    await unrate(ada)
  }
})

test('what cannot be rated', async () => {
  const hidden = await placeExtension(t, { owner, status: 'hidden' })
  const removed = await placeExtension(t, { owner, status: 'removed' })
  for (const id of ['nobody.nothing', hidden.id, removed.id]) {
    for (const path of ['marketplace.rate', 'marketplace.unrate'] as const) {
      const input = path === 'marketplace.rate' ? { id, stars: 5 } : { id }
      expect(await failure(ada.forge.call(path, 'mutation', input as { id: string; stars: number }))).toBe(
        'EXTENSION_NOT_FOUND',
      )
    }
    expect(await failure(ada.forge.call('marketplace.ownRating', 'query', { id }))).toBe(
      'EXTENSION_NOT_FOUND',
    )
  }
  for (const stars of [0, 6, 4.5, -1, Number.NaN])
    expect(await failure(rate(ada, stars))).toBe('INVALID_INPUT')
  expect(await failure(t.forge().call('marketplace.rate', 'mutation', { id: extension.id, stars: 5 }))).toBe(
    'AUTH_REQUIRED',
  )
})

test('members of a publisher do not rate its extensions; an invitation silences nobody', async () => {
  expect(await failure(rate(owner, 5))).toBe('RATING_OWN_EXTENSION')
  await t.deps
    .sql`insert into publisher_members (publisher_id, user_id, role) values (${extension.publisherId}, ${ada.id}, 'member')`
  expect((await rate(ada, 1)).rating.count).toBe(1)
  await t.deps.sql`update publisher_members set accepted_at = now() where user_id = ${ada.id}`
  expect(await failure(rate(ada, 5))).toBe('RATING_OWN_EXTENSION')
  expect((await sums())?.rating_sum).toBe(1)
  await t.deps.sql`delete from publisher_members where user_id = ${ada.id}`
})

test('who deletes the account takes ratings, reviews and flags along, even one that is being given', async () => {
  const leaving = await signUp(t)
  const staying = await signUp(t)
  await rate(staying, 2)
  await review(leaving, 5)
  const [own] = await t.deps
    .sql`select v.id from reviews v join ratings r on r.id = v.rating_id where r.user_id = ${leaving.id}`
  await staying.forge.call('marketplace.flagReview', 'mutation', { reviewId: own?.id, reason: 'spam' })
  const other = await placeExtension(t, { owner })
  const late = () => leaving.forge.call('marketplace.rate', 'mutation', { id: other.id, stars: 5 })
  await Promise.all([
    leaving.forge.users.deleteAccount({ password: leaving.password }),
    ...Array.from({ length: 5 }, () => late().catch(() => null)),
  ])
  expect(await sums()).toEqual({ rating_count: 1, rating_sum: 2, counted: 1, summed: 2 })
  const left = await t.deps.sql`select id from ratings where user_id = ${leaving.id}`
  expect(left).toEqual([])
  const [elsewhere] = await t.deps
    .sql`select rating_count, rating_sum::int from extensions where id = ${other.rowId}`
  expect(elsewhere).toEqual({ rating_count: 0, rating_sum: 0 })
})

test('a rating that meets the end of its account waits for it, and is refused', async () => {
  const leaving = await signUp(t)
  let late: Promise<string> | undefined
  await t.deps.sql.begin(async (tx) => {
    await tx`update users set erased_at = now(), email = ${`gone+${leaving.id}@devforge.invalid`} where id = ${leaving.id}`
    late = failure(rate(leaving, 5))
    const waiting = () => t.deps.sql`select 1 from pg_locks where not granted`
    await expect.poll(async () => (await waiting()).length, { timeout: 10_000 }).toBeGreaterThan(0)
  })
  expect(await late).toBe('AUTH_SESSION_ENDED')
  expect(await sums()).toEqual({ rating_count: 0, rating_sum: 0, counted: 0, summed: 0 })
})

test('too many ratings in an hour are refused', async () => {
  const eager = await signUp(t)
  const answers = await Promise.all(
    Array.from({ length: 62 }, () =>
      rate(eager, 3).then(
        () => 'ok',
        (error) => error.code,
      ),
    ),
  )
  expect(answers.filter((answer) => answer === 'ok')).toHaveLength(60)
  expect(answers.filter((answer) => answer === 'AUTH_RATE_LIMITED')).toHaveLength(2)
})
