import { DAY } from '@devforge/server/clock'
import { systemContext } from '@devforge/server/context'
import { moveBelongings } from '@devforge/server/modules/users/service/join'
import { inTx } from '@devforge/server/tx'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { published, type WrittenArticle } from '../support/knowledge.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let agent: Person
let article: WrittenArticle
beforeAll(async () => {
  // Behind a proxy, so that readers can come from different addresses.
  t = await createTestApp({ env: { TRUSTED_PROXY_HOPS: '1' } })
  agent = await signUp(t, { role: 'agent' })
})
beforeEach(async () => {
  article = await published(agent)
})
afterAll(() => t[Symbol.asyncDispose]())

/** Somebody who is not signed in, at an address. */
const at = (ip: string, userAgent = 'x') =>
  t.forge({
    fetch: (input, init) => {
      const headers = new Headers(init?.headers)
      headers.set('x-forwarded-for', ip)
      headers.set('user-agent', userAgent)
      return t.fetch(input, { ...init, headers })
    },
  })

const counts = async () => {
  const { helpful, notHelpful, solved } = await agent.forge.knowledge.article({ id: article.id })
  return [helpful, notHelpful, solved]
}

describe('feedback', () => {
  test('each reader has one voice, and may change it', async () => {
    const { id } = article
    const reader = await signUp(t)
    await reader.forge.knowledge.feedback({ id, helpful: true })
    await reader.forge.knowledge.feedback({ id, helpful: true })
    expect(await counts()).toEqual([1, 0, 0])
    await reader.forge.knowledge.feedback({ id, helpful: false })
    expect(await counts()).toEqual([0, 1, 0])
    await (await signUp(t)).forge.knowledge.feedback({ id, helpful: true })
    await at('192.0.2.1').knowledge.feedback({ id, helpful: true })
    await at('192.0.2.2').knowledge.feedback({ id, helpful: true })
    expect(await counts()).toEqual([3, 1, 0])
  })

  test('fifty at once by one reader are one', async () => {
    const { id } = article
    const reader = await signUp(t)
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => reader.forge.knowledge.feedback({ id, helpful: n % 2 === 0 })),
    )
    const [helpful = 0, notHelpful = 0] = await counts()
    expect(helpful + notHelpful).toBe(1)
    expect(await t.deps.sql`select from article_feedback where article_id = ${id}`).toHaveLength(1)
    await Promise.all(
      Array.from({ length: 50 }, () => at('192.0.2.3').knowledge.feedback({ id, helpful: true })),
    )
    const [sum = 0, other = 0] = await counts()
    expect(sum + other).toBe(2)
  })

  test('another name of the browser, or an address next door in the same network of IPv6, is no other reader', async () => {
    const { id } = article
    for (const name of ['a', 'b', 'c']) await at('192.0.2.9', name).knowledge.feedback({ id, helpful: true })
    for (const host of ['1', '2', 'ffff'])
      await at(`2001:db8::${host}`).knowledge.feedback({ id, helpful: true })
    expect(await counts()).toEqual([2, 0, 0])
  })

  test('no address, and nothing that is the same for two articles, is kept of a stranger', async () => {
    const second = await published(agent)
    for (const { id } of [article, second]) await at('192.0.2.77').knowledge.feedback({ id, helpful: true })
    const rows = await t.deps.sql<{ reader: Buffer; user_id: string | null }[]>`
      select reader, user_id from article_feedback where article_id in (${article.id}, ${second.id})`
    expect(new Set(rows.map(({ reader }) => reader.toString('hex'))).size).toBe(2)
    for (const { reader, user_id } of rows) expect([reader.length, user_id]).toEqual([16, null])
  })

  test('a flood is refused', async () => {
    const { id } = article
    const reader = at('192.0.2.200')
    const results = await Promise.allSettled(
      Array.from({ length: 70 }, (_, n) => reader.knowledge.feedback({ id, helpful: n % 2 === 0 })),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused).toHaveLength(10)
    expect(refused[0]).toMatchObject({ reason: { code: 'AUTH_RATE_LIMITED' } })
  })

  test('who writes is not disturbed: a voice changes neither version nor time of an article', async () => {
    const before = await agent.forge.knowledge.article({ id: article.id })
    t.clock.advance(5_000)
    await at('192.0.2.1').knowledge.feedback({ id: article.id, helpful: true })
    const after = await agent.forge.knowledge.article({ id: article.id })
    expect([after.version, after.updatedAt]).toEqual([before.version, before.updatedAt])
  })
})

describe('this solved it', () => {
  test('counts once per reader, article and day', async () => {
    const { id } = article
    const reader = await signUp(t)
    expect(await reader.forge.knowledge.solvedIt({ id })).toEqual({ counted: true })
    expect(await reader.forge.knowledge.solvedIt({ id })).toEqual({ counted: false })
    const many = await Promise.all(
      Array.from({ length: 30 }, () => at('198.51.100.1').knowledge.solvedIt({ id })),
    )
    expect(many.filter(({ counted }) => counted)).toHaveLength(1)
    expect(await counts()).toEqual([0, 0, 2])
    t.clock.advance(DAY)
    expect(await reader.forge.knowledge.solvedIt({ id })).toEqual({ counted: true })
    expect(await at('198.51.100.1').knowledge.solvedIt({ id })).toEqual({ counted: true })
    expect(await counts()).toEqual([0, 0, 4])
  })

  test('lifts an article above its equal, and no crowd lifts it above a better one', async () => {
    const body = 'How to polish a periscope.'
    const [plain, liked] = [
      await published(agent, { title: 'Polishing', body }),
      await published(agent, { title: 'Polishing', body }),
    ]
    const named = await published(agent, { title: 'Periscope polish', body })
    const order = async () =>
      (await t.forge().knowledge.search({ query: 'polish periscope' })).items.map(({ id }) => id)
    for (const id of [liked.id, plain.id]) {
      await t.deps.sql`update articles set solved = 0, solved_by_accounts = 0 where id = ${id}`
      for (let n = 0; n < 3; n++) await at(`198.51.100.${10 + n}`).knowledge.solvedIt({ id })
      expect((await order())[1]).toBe(id)
      await t.deps.sql`update articles set solved = 0 where id = ${id}`
      await t.deps.sql`update article_search set prior = 1 where article_id = ${id}`
    }
    await t.deps
      .sql`update articles set solved = 1000000, solved_by_accounts = 1000000, helpful = 1000000 where id = ${liked.id}`
    await at('198.51.100.99').knowledge.solvedIt({ id: liked.id })
    expect((await order()).slice(0, 2)).toEqual([named.id, liked.id])
    const [row] = await t.deps.sql`select prior from article_search where article_id = ${liked.id}`
    expect(row?.prior).toBeLessThan(1.3)
  })

  test('neither one who says so each day nor a mass of strangers lifts an article as far as customers do', async () => {
    const prior = async (id: string): Promise<number> => {
      const [row] = await t.deps.sql`select prior from article_search where article_id = ${id}`
      return row?.prior
    }
    const plain = await prior(article.id)
    let reader = await signUp(t)
    const { email, password } = reader
    for (let day = 0; day < 20; day++) {
      await reader.forge.knowledge.solvedIt({ id: article.id })
      t.clock.advance(DAY)
      const forge = t.forge()
      await forge.auth.signIn({ email, password })
      reader = { ...reader, forge }
    }
    agent = await signUp(t, { role: 'agent' })
    const byOne = await prior(article.id)
    const mass = await published(agent)
    await Promise.all(
      Array.from({ length: 150 }, (_, n) => at(`203.0.113.${n}`).knowledge.solvedIt({ id: mass.id })),
    )
    const byMass = await prior(mass.id)
    const customers = await published(agent)
    for (let n = 0; n < 12; n++) await (await signUp(t)).forge.knowledge.solvedIt({ id: customers.id })
    const byCustomers = await prior(customers.id)
    expect(byOne - plain).toBeLessThan(0.115)
    expect(byMass - plain).toBeLessThan(0.105)
    expect(byCustomers).toBeGreaterThan(Math.max(byOne, byMass))
    // Reports tell all the same how often.
    expect((await agent.forge.knowledge.article({ id: mass.id })).solved).toBe(150)
  })

  test('an article that was taken away solves nothing any more', async () => {
    await agent.forge.knowledge.archive({ id: article.id, version: 1 })
    expect(await failure(t.forge().knowledge.solvedIt({ id: article.id }))).toBe('ARTICLE_NOT_FOUND')
  })
})

describe('people', () => {
  test('an export tells what one said; an erased account leaves a voice that is nobody’s', async () => {
    const reader = await signUp(t)
    await reader.forge.knowledge.feedback({ id: article.id, helpful: true })
    await reader.forge.knowledge.solvedIt({ id: article.id })
    const data = await reader.forge.users.exportData()
    expect(data.articleFeedback).toMatchObject([{ article: article.slug, helpful: true }])
    expect(data.articlesThatSolvedIt).toMatchObject([{ article: article.slug }])
    await reader.forge.users.deleteAccount({ password: reader.password })
    expect(
      await t.deps.sql`
      select user_id from article_feedback where user_id = ${reader.id}
      union all select user_id from article_deflections where user_id = ${reader.id}`,
    ).toEqual([])
    expect(await counts()).toEqual([1, 0, 1])
  })

  test('a writer who leaves stays in the history without a name', async () => {
    const writer = await signUp(t, { role: 'agent', name: 'Wanda Writer' })
    const { id } = await published(writer)
    expect((await writer.forge.users.exportData()).articleVersions).toMatchObject([
      { number: 1, body: 'A text.' },
    ])
    await writer.forge.users.deleteAccount({ password: writer.password })
    const { items } = await agent.forge.knowledge.versions({ id })
    expect(items[0]?.author.name).toBe('Deleted user')
  })

  test('two accounts that become one have one voice', async () => {
    const [from, to] = [await signUp(t), await signUp(t)]
    const other = await published(agent)
    for (const person of [from, to]) await person.forge.knowledge.feedback({ id: article.id, helpful: true })
    await from.forge.knowledge.feedback({ id: other.id, helpful: false })
    await inTx(systemContext(t.deps, { type: 'system', job: 'test' }), (ctx) =>
      moveBelongings(ctx, { from: from.id, to: to.id }),
    )
    const rows = await t.deps.sql`
      select article_id, user_id from article_feedback where article_id in (${article.id}, ${other.id}) order by user_id nulls last`
    expect(rows.map(({ user_id }) => user_id)).toEqual([to.id, to.id, null])
  })
})
