import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Marketplace, openMarketplace } from '../support/marketplace.ts'

// A publisher whose harmful extension was taken down could put the same out under another name at once: it had published before, and
// so nobody looked.

let t: TestApp
let m: Marketplace
beforeAll(async () => {
  t = await createTestApp()
  m = await openMarketplace(t)
})
afterAll(() => t[Symbol.asyncDispose]())

test('after a takedown of something harmful whatever the publisher submits waits for a moderator', async () => {
  const bad = await m.publish({ name: 'bad' })
  const { id: download } = bad
  expect(download).toBeTruthy()
  const trusted = await m.publish({ name: 'fine' })
  expect(trusted.status).toBe('published')
  const id = `${m.publisher}.bad`
  await m.admin.forge.marketplace.takedown({ id, reason: 'it steals keys', malicious: true })
  expect(await failure(m.author.forge.marketplace.download({ id }))).toBe('EXTENSION_NOT_FOUND')
  const version = { id, version: '1.0.0' }
  expect(await failure(m.author.forge.marketplace.download(version))).toBe('EXTENSION_NOT_FOUND')

  const again = await m.submit({ name: 'good' })
  const update = await m.submit({ name: 'fine', version: '1.0.1' })
  for (const submission of [again, update]) {
    const { status, findings } = await m.author.forge.marketplace.submission({ id: submission.id })
    expect(status).toBe('needs_review')
    expect(findings.map(({ rule, severity }) => [rule, severity])).toContainEqual([
      'publisher-history',
      'hold',
    ])
  }
  expect(await failure(m.submit({ name: 'bad', version: '1.0.1' }))).toBe('EXTENSION_REMOVED')

  await m.admin.forge.marketplace.restore({ id, reason: 'a mistake' })
  expect((await m.author.forge.marketplace.download({ id })).version).toBe('1.0.0')
  const later = await m.submit({ name: 'later' })
  expect((await m.author.forge.marketplace.submission({ id: later.id })).status).toBe('published')
})
