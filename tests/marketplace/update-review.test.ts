import { editDistance } from '@devforge/server/modules/marketplace/lookalikes/distance'
import { skeletonOf } from '@devforge/server/modules/marketplace/lookalikes/skeleton'
import { findLookAlikes } from '@devforge/server/modules/marketplace/queries/lookalikes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { placeExtension } from '../support/extensions.ts'
import { type Marketplace, openMarketplace, type Submitted } from '../support/marketplace.ts'
import { signUp } from '../support/people.ts'
import { packVsix, type VsixEdits, variantOf } from '../support/vsix.ts'

describe('what waits for a person', () => {
  let t: TestApp
  let m: Marketplace
  let base: Uint8Array<ArrayBuffer>
  beforeAll(async () => {
    t = await createTestApp()
    m = await openMarketplace(t)
    base = await packVsix({ publisher: m.publisher })
    await m.publish()
  })
  afterAll(() => t[Symbol.asyncDispose]())

  async function submit(edits: VsixEdits, person = m.author): Promise<Submitted> {
    const { id } = await person.forge.marketplace.submit(variantOf(base, edits))
    expect(await t.drain()).toEqual([])
    return person.forge.marketplace.submission({ id })
  }

  let major = 1
  const held = async (edits: VsixEdits, rule: string): Promise<Submitted> => {
    const submission = await submit({ version: `${++major}.0.0`, ...edits })
    expect(submission, rule).toMatchObject({
      status: 'needs_review',
      difference: { previousVersion: '1.0.0' },
    })
    expect(submission.findings, rule).toContainEqual(expect.objectContaining({ rule, severity: 'hold' }))
    return submission
  }

  it('holds updates that change what a hijacker would change, and shows the difference', async () => {
    await held({ manifest: { extensionDependencies: ['some.one'] } }, 'update-new-dependency')
    const pack = await held({ manifest: { extensionPack: ['some.two'] } }, 'update-new-pack-member')
    expect(pack.difference?.changes).toContainEqual({
      rule: 'update-new-pack-member',
      before: [],
      after: ['some.two'],
    })
    await held({ manifest: { activationEvents: ['*'] } }, 'update-star-activation')
    await held({ files: { 'extension/bin/tool.node': 'x' } }, 'update-native-binary')
    // By its first bytes, whatever it calls itself.
    const elf = Buffer.concat([Buffer.from('7f454c46', 'hex'), Buffer.alloc(100)])
    const hidden = await held({ files: { 'extension/data.bin': elf } }, 'update-native-binary')
    expect(hidden.reason).toContain('data.bin')
  })

  it('holds the first code of an extension that had none', async () => {
    const theme = variantOf(base, {
      name: 'theme',
      manifest: { main: undefined, activationEvents: undefined },
      files: { 'extension/extension.js': null },
    })
    await m.author.forge.marketplace.submit(theme)
    await t.drain()
    const { id } = await m.author.forge.marketplace.submit(
      variantOf(base, { name: 'theme', version: '1.0.1' }),
    )
    await t.drain()
    const update = await m.author.forge.marketplace.submission({ id })
    expect(update.status).toBe('needs_review')
    expect(update.findings.map(({ rule }) => rule)).toContain('update-first-code')
  })

  it('holds what a new member publishes, once', async () => {
    const newcomer = await signUp(t)
    t.clock.advance(60_000)
    await m.author.forge.marketplace.addMember({ publisher: m.publisher, userId: newcomer.id })
    const first = await submit({ version: '1.0.1' }, newcomer)
    expect(first.findings.map(({ rule }) => rule)).toEqual(['update-new-member'])
    await m.admin.forge.marketplace.approve({ submissionId: first.id })
    await t.drain()
    expect(await submit({ version: '1.0.2' }, newcomer)).toMatchObject({ status: 'published', findings: [] })
  })

  it('publishes an update that changes nothing of that, and tells moderators what it changes', async () => {
    const update = await submit({ version: '1.0.3', manifest: { displayName: 'Hello again' } })
    expect(update).toMatchObject({ status: 'published', difference: { previousVersion: '1.0.2' } })
    expect(update.difference?.changes).toEqual([
      { rule: 'displayName', before: 'Hello', after: 'Hello again' },
    ])
    t.deps.env.TRUSTED_UPDATES = false
    expect(await submit({ version: '1.0.4' })).toMatchObject({ status: 'needs_review' })
    t.deps.env.TRUSTED_UPDATES = true
  })

  it('holds names that could be taken for a well-known extension of somebody else', async () => {
    const owner = await signUp(t)
    const known = await placeExtension(t, { owner, name: 'python-tools' })
    await t.deps.sql`update extensions set installs = 50000, display_name = 'Python Tools',
      name_skeleton = ${skeletonOf('python-tools')}, display_name_skeleton = ${skeletonOf('Python Tools')}
      where id = ${known.rowId}`
    const names: Record<string, VsixEdits> = {
      'letters for digits': { name: 'pyth0n-t00ls' },
      'hyphens and case': { name: 'Python--Tools' },
      'two letters swapped': { name: 'pyhton-tools' },
      'one too many': { name: 'pythonn-tools' },
      'the display name in Cyrillic': { name: 'harmless', manifest: { displayName: 'Руthоn Тооls' } },
    }
    for (const [why, edits] of Object.entries(names)) {
      const submission = await submit({ version: '1.0.0', ...edits })
      expect(submission.status, why).toBe('needs_review')
      expect(submission.findings, why).toContainEqual(
        expect.objectContaining({ rule: 'name-confusable', message: expect.stringContaining(known.id) }),
      )
    }
    expect(await submit({ version: '1.0.0', name: 'ruby-tools' })).toMatchObject({ status: 'published' })
    // An update keeps the name it has grown under; another one to be shown is looked at like a first one.
    expect(await submit({ version: '1.1.0', name: 'ruby-tools' })).toMatchObject({ status: 'published' })
    const renamed = { version: '1.2.0', name: 'ruby-tools', manifest: { displayName: 'Руthоn Тооls' } }
    expect((await submit(renamed)).findings).toContainEqual(
      expect.objectContaining({ rule: 'name-confusable' }),
    )
    // Its own publisher may have names like that.
    const found = await findLookAlikes(t.deps.db, {
      name: skeletonOf('python-tools'),
      displayName: skeletonOf('x'),
      publisherId: known.publisherId,
    })
    expect(found).toEqual([])
  })

  it('knows how far two names are apart', () => {
    expect(editDistance('python', 'python', 2)).toBe(0)
    expect(editDistance('python', 'pyhton', 2)).toBe(1)
    expect(editDistance('python', 'pthon', 2)).toBe(1)
    expect(editDistance('python', 'pythons', 2)).toBe(1)
    expect(editDistance('python', 'ruby', 2)).toBe(3)
    expect(skeletonOf('ＰＹＴＨＯＮ')).toBe(skeletonOf('py-th_0n'))
    expect(skeletonOf('rnodern')).toBe(skeletonOf('modem'))
  })
})
