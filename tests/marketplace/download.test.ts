import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Marketplace, openMarketplace } from '../support/marketplace.ts'
import { signUp } from '../support/people.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

describe('downloading', () => {
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
      { version: '1.1.0', targetPlatform: 'linux-x64' },
      { version: '1.2.0', targetPlatform: 'darwin-arm64' },
      { version: '2.0.0', preRelease: true },
    ]) {
      await m.author.forge.marketplace.submit(variantOf(base, edits))
    }
    await t.drain()
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const download = (input: { version?: string; targetPlatform?: string } = {}, forge = t.forge()) =>
    forge.call('marketplace.download', 'query', { id, ...input })
  const chosen = async (input: { version?: string; targetPlatform?: string }) => {
    const { version, targetPlatform } = await download(input)
    return `${version} ${targetPlatform}`
  }

  it('chooses the newest stable package for the platform, or the universal one', async () => {
    expect(await chosen({ targetPlatform: 'linux-x64' })).toBe('1.1.0 linux-x64')
    expect(await chosen({ targetPlatform: 'darwin-arm64' })).toBe('1.2.0 darwin-arm64')
    expect(await chosen({ targetPlatform: 'win32-x64' })).toBe('1.0.0 universal')
    expect(await chosen({ version: '2.0.0', targetPlatform: 'win32-x64' })).toBe('2.0.0 universal')
    expect(await chosen({ version: '1.1.0' })).toBe('1.1.0 linux-x64')
    expect(await failure(download({ version: '1.1.0', targetPlatform: 'win32-x64' }))).toBe(
      'EXTENSION_NOT_FOUND',
    )
    expect(await failure(t.forge().call('marketplace.download', 'query', { id: 'no.body' }))).toBe(
      'EXTENSION_NOT_FOUND',
    )
  })

  it('serves bytes whole, in part, and not at all to those who have them', async () => {
    const { url, sizeBytes } = await download({ version: '1.0.0' })
    const whole = await t.fetch(url)
    expect(whole.headers.get('content-disposition')).toBe(`attachment; filename="${id}-1.0.0.vsix"`)
    expect(whole.headers.get('cache-control')).toBe('public, no-cache')
    expect(whole.headers.get('accept-ranges')).toBe('bytes')
    const etag = whole.headers.get('etag') ?? ''
    const bytes = Buffer.from(await whole.arrayBuffer())
    expect(bytes.equals(base)).toBe(true)

    const ranges = {
      'bytes=0-9': [0, 10],
      'bytes=100-': [100, sizeBytes],
      'bytes=-7': [sizeBytes - 7, sizeBytes],
      [`bytes=${sizeBytes - 2}-${sizeBytes + 50}`]: [sizeBytes - 2, sizeBytes],
    }
    for (const [range, [start, end]] of Object.entries(ranges)) {
      const part = await t.fetch(url, { headers: { range } })
      expect(part.status, range).toBe(206)
      expect(part.headers.get('content-range')).toBe(`bytes ${start}-${(end ?? 0) - 1}/${sizeBytes}`)
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(start, end)), range).toBe(true)
    }
    for (const range of [`bytes=${sizeBytes}-`, 'bytes=-0']) {
      const none = await t.fetch(url, { headers: { range } })
      expect(none.status, range).toBe(416)
      expect(none.headers.get('content-range')).toBe(`bytes */${sizeBytes}`)
    }
    const other = await t.fetch(url, { headers: { range: 'bytes=0-9', 'if-range': '"other"' } })
    expect(other.status).toBe(200)
    await other.body?.cancel()
    const known = await t.fetch(url, { headers: { 'if-none-match': etag } })
    expect(known.status).toBe(304)
    expect(await known.text()).toBe('')
    const head = await t.fetch(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(sizeBytes),
      '',
    ])
  })

  it('gives paid packages to those who bought them, by addresses that expire', async () => {
    const buyer = await signUp(t)
    const url = (await download({ version: '1.0.0' })).url
    await t.deps.sql`update extensions set paid = true where identifier = ${id}`
    expect(await failure(download())).toBe('ENTITLEMENT_REQUIRED')
    expect(await failure(download({}, buyer.forge))).toBe('ENTITLEMENT_REQUIRED')
    expect(await failure(download({}, t.forge({ apiToken: 'dfp_nonsense' })))).toBe('AUTH_REQUIRED')

    // Its publisher has it.
    const own = await download({ version: '1.0.0' }, m.author.forge)
    const served = await t.fetch(own.url)
    expect(served.status).toBe(200)
    expect(served.headers.get('cache-control')).toBe('private, no-store')
    await served.body?.cancel()
    const bare = own.url.split('?')[0] ?? ''
    const forged = own.url.replace(/expires=\d+/, 'expires=9999999999')
    const another = url.replace(/exv_\w+/, (await versionId('2.0.0')) ?? '')
    for (const bad of [bare, forged, another, `${bare}?expires=x&signature=`]) {
      expect((await t.fetch(bad)).status, bad).toBe(404)
    }
    t.clock.advance(16 * 60_000)
    expect((await t.fetch(own.url)).status).toBe(404)
    await t.deps.sql`update extensions set paid = false where identifier = ${id}`
    expect((await t.fetch(bare)).status).toBe(200)
  })

  const versionId = async (version: string): Promise<string | undefined> =>
    (
      await t.deps.sql`select v.id from extension_versions v join extensions e on e.id = v.extension_id
        where e.identifier = ${id} and v.version = ${version}`
    )[0]?.id

  it('counts a download, and who had it', async () => {
    const person = await signUp(t)
    await download({ version: '1.0.0' }, person.forge)
    await t.deps.usage.flush()
    const [row] = await t.deps
      .sql`select count(*)::int as count from usage_events where version = '1.0.0' and kind = 'download'`
    expect(row?.count).toBeGreaterThan(0)
  })
})
