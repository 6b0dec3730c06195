import type { Input } from '@devforge/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type PlacedExtension, placeExtension } from '../support/extensions.ts'
import { licensed } from '../support/licenses.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let owner: Person
let ada: Person
let bob: Person
let admin: Person
let extension: PlacedExtension
beforeAll(async () => {
  t = await createTestApp()
  owner = await signUp(t)
  ada = await signUp(t, { name: 'Ada' })
  bob = await signUp(t, { name: 'Bob' })
  admin = await signUp(t, { role: 'admin' })
})
afterAll(() => t[Symbol.asyncDispose]())
beforeEach(async () => {
  // A test writes more reviews than a person should.
  await t.deps.limits.reset('rating:account', ada.id)
  extension = await placeExtension(t, { owner })
})

const write = (person: Person, given: Partial<Input<'marketplace.review'>> = {}) =>
  person.forge.call('marketplace.review', 'mutation', {
    id: extension.id,
    stars: 4,
    title: 'Good',
    body: 'It works.',
    ...given,
  })
const list = (given: Partial<Input<'marketplace.reviews'>> = {}) =>
  t.forge().call('marketplace.reviews', 'query', { id: extension.id, ...given })
const own = (person: Person) => person.forge.call('marketplace.ownRating', 'query', { id: extension.id })
const reviewIdOf = async (person: Person) => (await own(person)).review?.id ?? ''

describe('writing', () => {
  test('a review is shown with its stars, can be rewritten and taken back; the stars stay', async () => {
    await write(ada, { title: ' Fine ', body: 'First line\r\n\r\nSecond line  ' })
    const [first] = (await list()).items
    expect(first).toMatchObject({
      author: { name: 'Ada' },
      stars: 4,
      title: 'Fine',
      body: 'First line\n\nSecond line',
      version: '1.0.0',
      verified: null,
      reply: null,
    })
    t.clock.advance(1_000)
    await write(ada, { stars: 2, title: 'Worse' })
    const again = await list()
    expect(again.items).toHaveLength(1)
    expect(again.items[0]).toMatchObject({
      id: first?.id,
      stars: 2,
      title: 'Worse',
      createdAt: first?.createdAt,
    })
    expect(again.items[0]?.updatedAt.getTime()).toBeGreaterThan(first?.updatedAt.getTime() ?? 0)
    expect(again.rating).toEqual({ average: 2, count: 1 })

    await ada.forge.call('marketplace.rate', 'mutation', { id: extension.id, stars: 5 })
    expect((await list()).items[0]).toMatchObject({ stars: 5, title: 'Worse' })

    const remove = () => ada.forge.call('marketplace.deleteReview', 'mutation', { id: extension.id })
    expect(await remove()).toEqual({ deleted: true })
    expect(await remove()).toEqual({ deleted: false })
    expect(await list()).toMatchObject({ items: [], rating: { average: 5, count: 1 } })
    expect(await own(ada)).toMatchObject({ stars: 5, review: null })
  })

  test('a download while signed in makes it a verified one; a license of a paid extension a purchase', async () => {
    await t.deps
      .sql`insert into extension_users (extension_id, user_id, first_at) values (${extension.rowId}, ${ada.id}, now())`
    expect((await write(ada)).review?.verified).toBe('install')
    expect((await write(bob)).review?.verified).toBeNull()
    await t.deps.sql`update extensions set paid = true where id = ${extension.rowId}`
    expect((await write(ada)).review?.verified).toBe('install')
    const { licenseId } = await licensed(t, { owner: bob, admin })
    await t.deps.sql`update licenses set product = ${`extension:${extension.id}`} where id = ${licenseId}`
    expect((await write(bob)).review?.verified).toBe('purchase')
  })

  test('what is no honest text is refused', async () => {
    for (const bad of [
      '',
      '   ',
      'a\u202eb',
      'a\u2066b',
      'nul\0',
      '\u001b[31m',
      '\ue000',
      'x'.repeat(5_001),
    ]) {
      expect(await failure(write(ada, { body: bad })), JSON.stringify(bad)).toBe('INVALID_INPUT')
      expect(await failure(write(ada, { title: bad })), JSON.stringify(bad)).toBe('INVALID_INPUT')
    }
    // Scripts that need joiners and marks of direction, and emoji, are no tricks.
    for (const good of ['می‌خواهم', '👩‍👩‍👧 ❤️', 'שלום\u200f!', '日本語', '\ttab\nline']) {
      expect((await write(ada, { body: good })).review?.body).toBe(good.trim())
    }
  })

  test('markup is text: it comes back as it was written, as JSON that no browser takes for a page', async () => {
    const corpus = [
      '<script>alert(1)</script>',
      '<img src=x onerror=alert(1)>',
      '<svg/onload=alert(1)>',
      '"><iframe srcdoc="<script>parent.alert(1)</script>">',
      '[click](javascript:alert(1))',
      '[click](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
      '![x](x "onerror=alert(1)")',
      '<a href="jav&#x09;ascript:alert(1)">x</a>',
      '</textarea><script>alert(1)</script>',
      '{{constructor.constructor("alert(1)")()}}',
      '<!--><script>alert(1)</script>',
      '\\u003cscript\\u003ealert(1)\\u003c/script\\u003e',
    ]
    await write(ada, { title: corpus[1] ?? '', body: corpus.join('\n') })
    expect((await list()).items[0]).toMatchObject({ title: corpus[1], body: corpus.join('\n') })
    const response = await t.fetch(`${TEST_URL}/api/v1/marketplace/extensions/${extension.id}/reviews`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })
})

describe('reading', () => {
  test('pages in every order hold every review once, whatever is written meanwhile', async () => {
    const people = await Promise.all(Array.from({ length: 12 }, () => signUp(t)))
    for (const [n, person] of people.entries()) await write(person, { stars: (n % 5) + 1, title: `T${n}` })
    const all = (await list({ limit: 100 })).items
    expect(all.map((item) => item.title)).toEqual(people.map((_, n) => `T${11 - n}`))
    const orders = {
      newest: all,
      highest: all.toSorted((a, b) => b.stars - a.stars || (a.id < b.id ? 1 : -1)),
      lowest: all.toSorted((a, b) => a.stars - b.stars || (a.id < b.id ? 1 : -1)),
    }
    for (const sort of ['newest', 'highest', 'lowest'] as const) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await list({ sort, limit: 5, ...(cursor ? { cursor } : {}) })
        expect(page.items.length).toBeLessThanOrEqual(5)
        seen.push(...page.items.map((item) => item.id))
        cursor = page.nextCursor ?? undefined
      } while (cursor)
      expect(seen, sort).toEqual(orders[sort].map((item) => item.id))
    }
    const fives = await list({ stars: 5 })
    expect(fives.items.map((item) => item.stars)).toEqual([5, 5])
    expect((await list({ cursor: "'; drop table reviews" })).items).toHaveLength(12)
    expect(await failure(list({ id: 'nobody.nothing' }))).toBe('EXTENSION_NOT_FOUND')
  })

  test('nothing tells who the author is but a name', async () => {
    await write(ada)
    expect(JSON.stringify(await list())).not.toMatch(new RegExp(`${ada.id}|${ada.email}`))
  })
})

describe('answers of the publisher', () => {
  const reply = (person: Person, reviewId: string, body: string | null) =>
    person.forge.call('marketplace.replyToReview', 'mutation', { reviewId, body })

  test('members answer, change the answer and take it back; the review does not become an edited one', async () => {
    await write(ada)
    const reviewId = await reviewIdOf(ada)
    const [before] = (await list()).items
    t.clock.advance(1_000)
    expect(await reply(owner, reviewId, 'Thank you')).toMatchObject({ reply: { body: 'Thank you' } })
    expect((await reply(owner, reviewId, 'Thanks')).reply).toMatchObject({
      body: 'Thanks',
      publisher: extension.publisher,
    })
    expect((await list()).items[0]).toMatchObject({ reply: { body: 'Thanks' }, updatedAt: before?.updatedAt })
    expect((await reply(owner, reviewId, null)).reply).toBeNull()
    const events = await t.deps
      .sql`select type from extension_events where extension_id = ${extension.rowId} order by id`
    expect(events.map((event) => event.type)).toEqual([
      'review.replied',
      'review.replied',
      'review.reply_removed',
    ])
  })

  test('nobody else does', async () => {
    await write(ada)
    const reviewId = await reviewIdOf(ada)
    for (const stranger of [ada, bob, admin])
      expect(await failure(reply(stranger, reviewId, 'x'))).toBe('NOT_FOUND')
    const other = await signUp(t)
    await placeExtension(t, { owner: other })
    expect(await failure(reply(other, reviewId, 'x'))).toBe('NOT_FOUND')
    // Whoever was only invited is no member yet.
    await t.deps
      .sql`insert into publisher_members (publisher_id, user_id, role) values (${extension.publisherId}, ${bob.id}, 'owner')`
    expect(await failure(reply(bob, reviewId, 'x'))).toBe('NOT_FOUND')
  })
})

describe('flags and hiding', () => {
  const flag = (person: Person, reviewId: string) =>
    person.forge.call('marketplace.flagReview', 'mutation', { reviewId, reason: 'an insult' })
  const hide = (reviewId: string) =>
    admin.forge.call('marketplace.hideReview', 'mutation', { reviewId, reason: 'insults' })
  const unhide = (reviewId: string) =>
    admin.forge.call('marketplace.unhideReview', 'mutation', { reviewId, reason: 'looked again' })
  const flagged = () => admin.forge.call('marketplace.flaggedReviews', 'query', { limit: 100 })

  test('people flag once each; moderators see the most flagged first, and dismiss', async () => {
    await write(ada)
    const reviewId = await reviewIdOf(ada)
    await Promise.all([flag(bob, reviewId), flag(bob, reviewId), flag(owner, reviewId), flag(bob, reviewId)])
    expect(await failure(flag(ada, reviewId))).toBe('NOT_FOUND')
    const [first] = (await flagged()).items
    expect(first).toMatchObject({
      id: reviewId,
      flags: 2,
      extension: extension.id,
      reasons: ['an insult', 'an insult'],
    })
    const dismissed = await admin.forge.call('marketplace.dismissFlags', 'mutation', {
      reviewId,
      reason: 'it is an opinion',
    })
    expect(dismissed).toEqual({ reviewId, dismissed: 2 })
    expect((await flagged()).items.map((item) => item.id)).not.toContain(reviewId)
  })

  test('a hidden review is seen by its author only, with the reason, and its stars do not count', async () => {
    await write(ada, { stars: 1 })
    await write(bob, { stars: 5 })
    const reviewId = await reviewIdOf(ada)
    expect((await hide(reviewId)).rating).toEqual({ average: 5, count: 1 })
    expect((await hide(reviewId)).rating).toEqual({ average: 5, count: 1 })
    expect((await list()).items.map((item) => item.stars)).toEqual([5])
    expect((await own(ada)).review?.hidden).toEqual({ reason: 'insults' })
    // It cannot be slipped past the moderator by changing it.
    expect(await failure(write(ada, { stars: 1 }))).toBe('REVIEW_HIDDEN')
    expect(
      await failure(ada.forge.call('marketplace.rate', 'mutation', { id: extension.id, stars: 5 })),
    ).toBe('REVIEW_HIDDEN')
    expect(await failure(ada.forge.call('marketplace.deleteReview', 'mutation', { id: extension.id }))).toBe(
      'REVIEW_HIDDEN',
    )
    expect(await failure(flag(bob, reviewId))).toBe('NOT_FOUND')
    expect(
      await failure(owner.forge.call('marketplace.replyToReview', 'mutation', { reviewId, body: 'x' })),
    ).toBe('NOT_FOUND')
    expect(await t.drain()).toEqual([])
    const told = (await t.mails(ada.email)).filter((mail) => mail.text.includes('insults'))
    expect(told.map((mail) => mail.subject)).toEqual([`Your review of ${extension.id} was hidden`])

    expect((await unhide(reviewId)).rating).toEqual({ average: 3, count: 2 })
    expect((await unhide(reviewId)).rating).toEqual({ average: 3, count: 2 })
    expect((await list()).items).toHaveLength(2)
    const audit = await t.deps
      .sql`select action, reason from audit_log where subject = ${reviewId} order by id`
    expect([...audit]).toEqual([
      { action: 'marketplace.review_hidden', reason: 'insults' },
      { action: 'marketplace.review_unhidden', reason: 'looked again' },
    ])
  })

  test('hiding, taking back and rating at once keep the sums exact', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => signUp(t)))
    for (const person of people) await write(person, { stars: 3 })
    const ids = await Promise.all(people.map(reviewIdOf))
    await Promise.all([
      ...ids.map((id) => hide(id).catch(() => null)),
      ...people.map((person) => person.forge.call('marketplace.unrate', 'mutation', { id: extension.id })),
      ...people.slice(3).map((person) => write(person, { stars: 5 }).catch(() => null)),
    ])
    const [row] = await t.deps.sql`
      select e.rating_count, e.rating_sum::int, count(r.id)::int as counted, coalesce(sum(r.stars), 0)::int as summed
      from extensions e left join ratings r on r.extension_id = e.id
        and not exists (select from reviews v where v.rating_id = r.id and v.hidden)
      where e.id = ${extension.rowId} group by e.id`
    expect(row).toMatchObject({ rating_count: row?.counted, rating_sum: row?.summed })
  })

  test('taking a hidden review back takes nothing from the sums a second time', async () => {
    await write(ada, { stars: 1 })
    await write(bob, { stars: 5 })
    await hide(await reviewIdOf(ada))
    const answer = await ada.forge.call('marketplace.unrate', 'mutation', { id: extension.id })
    expect(answer).toEqual({ removed: true, rating: { average: 5, count: 1 } })
  })
})

test('two accounts of one person become one: one rating for each extension, the sums follow', async () => {
  const { moveBelongings } = await import('@devforge/server/modules/users/service/join')
  const { systemContext } = await import('@devforge/server/context')
  const { inTx } = await import('@devforge/server/tx')
  const [from, to] = [await signUp(t), await signUp(t)]
  const both = extension
  await write(from, { stars: 1 })
  await write(to, { stars: 5 })
  const onlyFrom = await placeExtension(t, { owner })
  await write(from, { id: onlyFrom.id, stars: 2 })
  const ofTo = await placeExtension(t, { owner: to })
  await write(from, { id: ofTo.id, stars: 5 })
  await write(ada, { stars: 3 })
  const flaggedId = await reviewIdOf(ada)
  for (const person of [from, to]) {
    await person.forge.call('marketplace.flagReview', 'mutation', { reviewId: flaggedId, reason: 'x' })
  }
  await t.deps
    .sql`insert into extension_users (extension_id, user_id, first_at) values (${extension.rowId}, ${from.id}, now())`
  await inTx(systemContext(t.deps, { type: 'system', job: 'test' }), (ctx) =>
    moveBelongings(ctx, { from: from.id, to: to.id }),
  )
  const ratings = await t.deps.sql`
    select user_id, stars, extension_id from ratings where user_id in (${from.id}, ${to.id}) order by stars`
  expect(ratings.map((row) => [row.user_id, row.stars, row.extension_id])).toEqual([
    [to.id, 2, onlyFrom.rowId],
    [to.id, 5, both.rowId],
  ])
  const sums = await t.deps.sql`
    select rating_count, rating_sum::int from extensions where id in (${both.rowId}, ${onlyFrom.rowId}, ${ofTo.rowId}) order by rating_sum`
  expect([...sums]).toEqual([
    { rating_count: 0, rating_sum: 0 },
    { rating_count: 1, rating_sum: 2 },
    { rating_count: 2, rating_sum: 8 },
  ])
  const [flags] = await t.deps.sql`
    select v.flags, count(f.user_id)::int as rows from reviews v left join review_flags f on f.review_id = v.id
    where v.id = ${flaggedId} group by v.id`
  expect(flags).toEqual({ flags: 1, rows: 1 })
  const had = await t.deps.sql`select user_id from extension_users where extension_id = ${extension.rowId}`
  expect(had.map((row) => row.user_id)).toEqual([to.id])
})
