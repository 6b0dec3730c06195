import { createHash, createPublicKey, verify } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Marketplace, openMarketplace } from '../support/marketplace.ts'
import { packVsix } from '../support/vsix.ts'
import { unzip } from '../support/zip.ts'

describe('publishing', () => {
  let t: TestApp
  let m: Marketplace
  beforeAll(async () => {
    t = await createTestApp()
    m = await openMarketplace(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  it('holds the first extension of a publisher, publishes it once approved, and the next by itself', async () => {
    const first = await m.submit({ name: 'first' })
    expect(first).toMatchObject({ status: 'needs_review', extension: `${m.publisher}.first`, findings: [] })
    expect(first.reason).toContain('first extension')
    await m.admin.forge.marketplace.approve({ submissionId: first.id })
    expect(await t.drain()).toEqual([])
    expect(await m.author.forge.marketplace.submission({ id: first.id })).toMatchObject({
      status: 'published',
    })
    expect(await m.submit({ name: 'second' })).toMatchObject({ status: 'published', reason: null })
    const states = await t.deps
      .sql`select status from submission_events where submission_id = ${first.id} order by sequence`
    expect(states.map((row) => row.status)).toEqual([
      'received',
      'scanning',
      'needs_review',
      'approved',
      'published',
    ])
    const mails = (await t.mails(m.author.email)).map((mail) => mail.subject)
    expect(mails).toContain(`${m.publisher}.first 1.0.0 waits for a moderator`)
    expect(mails).toContain(`${m.publisher}.first 1.0.0 is published`)
  })

  it('keeps bytes, signature, manifests, readme, changelog, license, icon and a bill of materials', async () => {
    const { id } = await m.publish({ name: 'whole' })
    const bytes = await packVsix({ publisher: m.publisher, name: 'whole' })
    const download = await m.author.forge.call('marketplace.download', 'query', {
      id: `${m.publisher}.whole`,
    })
    expect(download).toMatchObject({
      version: '1.0.0',
      targetPlatform: 'universal',
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })

    const served = await t.fetch(download.url)
    expect(served.status).toBe(200)
    expect(Buffer.from(await served.arrayBuffer()).equals(bytes)).toBe(true)
    const { keys } = (await (await t.fetch(`${TEST_URL}/.well-known/jwks.json`)).json()) as {
      keys: { kid: string; kty: string; crv: string; x: string; purpose: string }[]
    }
    const jwk = keys.find(({ kid }) => kid === download.signatureKid)
    expect(jwk?.purpose).toBe('package')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: jwk?.x ?? '' }, format: 'jwk' })
    expect(verify(null, bytes, key, Buffer.from(download.signature, 'base64'))).toBe(true)

    const [row] = await t.deps.sql`select * from extension_versions where submission_id = ${id}`
    expect(row?.assets).toEqual({
      manifest: 'package.json',
      vsixManifest: 'extension.vsixmanifest',
      sbom: 'sbom.cdx.json',
      signature: 'package.sigzip',
      readme: 'readme.md',
      changelog: 'changelog.md',
      license: 'license.txt',
      icon: 'icon.png',
    })
    const read = async (name: string) =>
      (await t.deps.files.read(`${row?.storage_prefix}/${name}`)) ?? Buffer.alloc(0)
    const packed = unzip(bytes)
    expect(await read('package.json')).toEqual(packed.get('extension/package.json'))
    expect((await read('icon.png')).subarray(1, 4).toString()).toBe('PNG')
    expect((await read('readme.md')).toString()).toContain('# Hello')
    expect(JSON.parse((await read('sbom.cdx.json')).toString())).toMatchObject({ bomFormat: 'CycloneDX' })
    const sigzip = unzip(await read('package.sigzip'))
    expect(sigzip.get('.signature.sig')?.toString('base64')).toBe(download.signature)
    expect(sigzip.get('.signature.p7s')?.length).toBe(0)
    const manifest = JSON.parse(sigzip.get('.signature.manifest')?.toString() ?? '')
    expect(manifest.package.digests.sha256).toBe(createHash('sha256').update(bytes).digest('base64'))
    const names = Object.keys(manifest.entries).map((name) => Buffer.from(name, 'base64').toString())
    expect(names.sort()).toEqual([...packed.keys()].sort())

    // The upload itself is gone.
    expect(await t.deps.files.size(`incoming/${id}.vsix`)).toBeNull()
  })

  it('copies the listing of the newest stable version to the extension', async () => {
    const name = 'newest'
    await m.publish({ name, version: '2.0.0', manifest: { displayName: 'Two', categories: ['Themes'] } })
    await m.publish({ name, version: '1.0.0', manifest: { displayName: 'One' } })
    await m.publish({ name, version: '3.0.0', preRelease: true, manifest: { displayName: 'Three' } })
    await m.publish({ name, version: '2.0.0', targetPlatform: 'linux-x64' })
    const [row] = await t.deps.sql`select * from extensions where identifier = ${`${m.publisher}.${name}`}`
    expect(row).toMatchObject({
      status: 'published',
      latest_version: '2.0.0',
      display_name: 'Two',
      categories: ['Themes'],
      target_platforms: ['linux-x64', 'universal'],
      has_icon: true,
    })
  })

  it('takes one of two identical packages that come at once, and answers the other with the same submission', async () => {
    const vsix = await packVsix({ publisher: m.publisher, name: 'twins' })
    const both = await Promise.all([
      m.author.forge.marketplace.submit(vsix),
      m.author.forge.marketplace.submit(vsix),
    ])
    expect(both[0].id).toBe(both[1].id)
    await Promise.all([t.drain(), t.drain()])
    const rows = await t.deps.sql`select id from extension_versions where submission_id = ${both[0].id}`
    expect(rows).toHaveLength(1)
  })

  it('publishes nothing under a publisher that is removed meanwhile', async () => {
    const gone = await openMarketplace(t)
    await gone.publish({ name: 'one' })
    const vsix = await packVsix({ publisher: gone.publisher, name: 'two' })
    const { id } = await gone.author.forge.marketplace.submit(vsix)
    const [, removed] = await Promise.all([
      t.drain(),
      gone.author.forge.marketplace.removePublisher({ publisher: gone.publisher, reason: 'closing' }),
    ])
    expect(removed.removed).toBe(true)
    await t.drain()
    const shown = await t.deps
      .sql`select v.status from extension_versions v join extensions e on e.id = v.extension_id
      join publishers p on p.id = e.publisher_id where p.name = ${gone.publisher} and v.status <> 'removed'`
    expect(shown).toEqual([])
    const submission = await gone.author.forge.marketplace.submission({ id })
    expect(['rejected', 'published']).toContain(submission.status)
    await expect(
      t.forge().call('marketplace.download', 'query', { id: `${gone.publisher}.two` }),
    ).rejects.toMatchObject({
      code: 'EXTENSION_NOT_FOUND',
    })
  })
})
