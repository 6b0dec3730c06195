import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Marketplace, openMarketplace } from '../support/marketplace.ts'
import { signUp } from '../support/people.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

describe('withdrawing what is published', () => {
  let t: TestApp
  let m: Marketplace
  let id: string
  let base: Uint8Array<ArrayBuffer>
  beforeAll(async () => {
    t = await createTestApp()
    m = await openMarketplace(t)
    id = `${m.publisher}.hello`
    base = await packVsix({ publisher: m.publisher })
    await m.publish()
    for (const edits of [
      { version: '1.1.0' },
      { version: '1.1.0', targetPlatform: 'linux-x64' },
      { version: '2.0.0-beta.1', preRelease: true },
    ]) {
      await m.author.forge.marketplace.submit(variantOf(base, edits))
    }
    await t.drain()
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const owner = () => m.author.forge.marketplace
  const newest = async () => (await t.forge().call('marketplace.download', 'query', { id })).version
  const extension = async () =>
    (
      await t.deps
        .sql`select status, latest_version, deprecated_at, deprecation_message, replaced_by from extensions where identifier = ${id}`
    )[0]

  it('yanks a version, which is found by its exact number only, and takes it back', async () => {
    expect(await newest()).toBe('1.1.0')
    expect(await owner().yank({ id, version: '1.1.0', reason: 'It crashes.' })).toEqual({ changed: 2 })
    expect(await owner().yank({ id, version: '1.1.0', reason: 'It crashes.' })).toEqual({ changed: 0 })
    expect(await newest()).toBe('1.0.0')
    expect(await extension()).toMatchObject({ latest_version: '1.0.0' })
    const exact = await t.forge().call('marketplace.download', 'query', { id, version: '1.1.0' })
    expect((await t.fetch(exact.url)).status).toBe(200)
    await owner().yank({ id, version: '1.0.0', reason: 'This one, too.' })
    await owner().yank({ id, version: '2.0.0-beta.1', reason: 'And this.' })
    expect(await extension()).toMatchObject({ status: 'hidden', latest_version: null })
    expect(await failure(t.forge().call('marketplace.download', 'query', { id }))).toBe('EXTENSION_NOT_FOUND')

    expect(
      await owner().unyank({ id: id.toUpperCase(), version: '1.1.0', targetPlatform: 'universal' }),
    ).toEqual({ changed: 1 })
    expect(await newest()).toBe('1.1.0')
    await owner().unyank({ id, version: '1.0.0' })
    const events = await t.deps
      .sql`select type, reason from extension_events e join extensions x on x.id = e.extension_id
      where x.identifier = ${id} and type like 'version.%yanked' order by e.id`
    expect(events).toHaveLength(6)
    expect(events[0]).toEqual({ type: 'version.yanked', reason: 'It crashes.' })
  })

  it('deprecates an extension, which stays installable, and takes that back', async () => {
    await owner().deprecate({ id, message: 'Use the other one.', replacedBy: 'Some.Other' })
    expect(await extension()).toMatchObject({
      deprecated_at: expect.any(String),
      deprecation_message: 'Use the other one.',
      replaced_by: 'some.other',
    })
    expect(await newest()).toBe('1.1.0')
    expect(await owner().deprecate({ id, deprecated: false })).toEqual({ deprecated: false })
    expect(await extension()).toMatchObject({ deprecated_at: null, replaced_by: null })
  })

  it('is for owners: a member is told so, for strangers there is no such extension', async () => {
    const member = await signUp(t)
    await owner().addMember({ publisher: m.publisher, userId: member.id })
    const stranger = await signUp(t)
    const outcomes = async ({ forge: { marketplace } }: typeof member) => [
      await failure(marketplace.yank({ id, version: '1.0.0', reason: 'x' })),
      await failure(marketplace.unyank({ id, version: '1.0.0' })),
      await failure(marketplace.deprecate({ id })),
      await failure(marketplace.remove({ id })),
    ]
    expect(new Set(await outcomes(member))).toEqual(new Set(['PUBLISHER_FORBIDDEN']))
    expect(new Set(await outcomes(stranger))).toEqual(new Set(['EXTENSION_NOT_FOUND']))
    expect(await failure(owner().yank({ id, version: '9.9.9', reason: 'x' }))).toBe('EXTENSION_NOT_FOUND')
  })

  it('removes a version for good: neither found nor published again, not even by its own bytes', async () => {
    const before = await t.forge().call('marketplace.download', 'query', { id, version: '1.0.0' })
    expect(await owner().remove({ id, version: '1.0.0', reason: 'A secret was in it.' })).toEqual({
      changed: 1,
    })
    expect(await failure(t.forge().call('marketplace.download', 'query', { id, version: '1.0.0' }))).toBe(
      'EXTENSION_NOT_FOUND',
    )
    expect((await t.fetch(before.url)).status).toBe(404)
    expect(await failure(owner().unyank({ id, version: '1.0.0' }))).toBe('EXTENSION_NOT_FOUND')
    expect(await failure(owner().submit(base))).toBe('VERSION_EXISTS')
    expect(await failure(owner().submit(variantOf(base, { manifest: { description: 'New.' } })))).toBe(
      'VERSION_EXISTS',
    )
  })

  it('removes an extension for good, with what was on its way', async () => {
    const { id: pending } = await owner().submit(
      variantOf(base, { version: '3.0.0', manifest: { activationEvents: ['*'] } }),
    )
    await t.drain()
    expect((await owner().submission({ id: pending })).status).toBe('needs_review')
    const { changed } = await owner().remove({ id, reason: 'The end.' })
    expect(changed).toBeGreaterThan(0)
    expect(await extension()).toMatchObject({ status: 'removed' })
    expect(await owner().submission({ id: pending })).toMatchObject({
      status: 'rejected',
      reason: 'The extension was removed.',
    })
    expect(await failure(t.forge().call('marketplace.download', 'query', { id, version: '1.1.0' }))).toBe(
      'EXTENSION_NOT_FOUND',
    )
    expect(await failure(owner().submit(variantOf(base, { version: '4.0.0' })))).toBe('EXTENSION_REMOVED')
    expect(await failure(owner().remove({ id }))).toBe('EXTENSION_NOT_FOUND')
  })
})
