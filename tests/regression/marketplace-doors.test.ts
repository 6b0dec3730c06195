import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Author, createAuthor, publish } from '../support/catalog.ts'
import { ask, byName, postQuery } from '../support/gallery.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

// What strangers could do to the doors of the marketplace.

let t: TestApp
let author: Author
let vsix: Uint8Array
let extensionId: string
beforeAll(async () => {
  t = await createTestApp()
  author = await createAuthor(t, 'acme')
  vsix = await packVsix({ publisher: 'acme', name: 'web', version: '1.0.0' })
  extensionId = await publish(t, author, vsix)
})
afterAll(() => t[Symbol.asyncDispose]())

const get = (path: string, headers: Record<string, string> = {}) =>
  t.fetch(path.startsWith('http') ? path : TEST_URL + path, { headers })

async function counted(kind: string): Promise<number> {
  await t.deps.usage.flush()
  const [row] = await t.deps.sql`select count(*)::int from usage_events where kind = ${kind}`
  return row?.count
}

describe('counting', () => {
  test('an uninstall for a platform that nobody can write down does not lose what others did', async () => {
    const before = await counted('download')
    const vspackage = '/vscode/gallery/publishers/acme/vsextensions/web/1.0.0/vspackage'
    await (await get(vspackage)).arrayBuffer()
    const told = await t.fetch(
      `${TEST_URL}/vscode/gallery/publishers/acme/extensions/web/1.0.0/stats?statType=uninstall&targetPlatform=%00`,
      { method: 'POST' },
    )
    expect(told.status).toBe(200)
    expect(await counted('download')).toBe(before + 1)
    expect(await counted('uninstall')).toBe(1)
  })

  test('an event that the database refuses is lost alone', async () => {
    const before = await counted('install')
    const event = { extensionId, targetPlatform: 'universal', kind: 'install' as const }
    const { recordUsage } = await import('@devforge/server/modules/marketplace/service/usage')
    for (let i = 0; i < 20; i++)
      recordUsage({ deps: t.deps, ip: '192.0.2.1' }, { ...event, version: i === 7 ? 'nul\0' : '1.0.0' })
    expect(await counted('install')).toBe(before + 19)
  })
})

describe('what is kept of answers', () => {
  test('long questions do not fill the memory', async () => {
    const { catalogCache } = await import('@devforge/server/modules/marketplace/service/catalog-cache')
    const cache = catalogCache(t.deps)
    let made = 0
    const answer = async () => ++made
    const long = 'x'.repeat(900_000)
    for (let i = 0; i < 40; i++) await cache.read(`${i} ${long}`, 1, answer)
    // 36 MB of questions are more than answers may take: the first ones are gone.
    await cache.read(`0 ${long}`, 1, answer)
    expect(made).toBe(41)
    await cache.read('short', 1, answer)
    await cache.read('short', 1, answer)
    expect(made).toBe(42)
  })

  test('a query is cut to what a client may ask', async () => {
    const name = 'x'.repeat(300_000)
    expect((await ask(t, { criteria: [...byName(name), ...byName('acme.web')] })).total).toBe(1)
    const many = Array.from({ length: 900 }, (_, i) => ({
      filterType: 1,
      value: `tag-${i}-${'y'.repeat(150)}`,
    }))
    expect((await ask(t, { criteria: many })).total).toBe(0)
  })
})

test('one question is not answered with the catalog many times over', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `many${i}`)
  for (const name of names.slice(0, 3)) await publish(t, author, variantOf(vsix, { name }))
  const criteria = names.map((name) => ({ filterType: 7, value: `acme.${name}` }))
  const filter = { criteria, pageNumber: 1, pageSize: 500, sortBy: 0, sortOrder: 0 }
  const lookups = Array.from({ length: 500 }, (_, i) => ({ filterType: 7, value: `no.body${i}` }))
  const full = { ...filter, criteria: lookups }
  // The second filter asks for more than all filters together may.
  const response = await postQuery(t, { filters: [full, filter], flags: 439 })
  const { results } = (await response.json()) as { results: { extensions: unknown[] }[] }
  expect(results.map(({ extensions }) => extensions.length)).toEqual([0, 0])
  const alone = await postQuery(t, { filters: [filter], flags: 439 })
  const { results: found } = (await alone.json()) as { results: { extensions: unknown[] }[] }
  expect(found.map(({ extensions }) => extensions.length)).toEqual([3])
})

test('packages that anybody may have are asked for again by shared caches: they may be taken down, or be for sale', async () => {
  const asset = '/vscode/asset/acme/web/1.0.0/Microsoft.VisualStudio.Services.VSIXPackage'
  const { url } = await t.forge().marketplace.download({ id: 'acme.web' })
  for (const path of [
    asset,
    '/vscode/gallery/publishers/acme/vsextensions/web/1.0.0/vspackage',
    '/api/acme/web/1.0.0/file/acme.web-1.0.0.vsix',
    url,
  ]) {
    const response = await get(path)
    await response.arrayBuffer()
    expect([path, response.status]).toEqual([path, 200])
    expect(response.headers.get('cache-control')).toBe('public, no-cache')
    const etag = response.headers.get('etag') ?? ''
    expect((await get(path, { 'if-none-match': etag })).status).toBe(304)
  }
  const file = await get('/vscode/unpkg/acme/web/1.0.0/extension/extension.js')
  await file.arrayBuffer()
  // Editors in browsers keep what they load; what stands between asks again after some minutes.
  expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, s-maxage=300, immutable')
  expect(file.headers.get('vary')).toBe('Sec-Fetch-Site, Sec-Fetch-Dest')
})

test('who publishes free extensions asks as everybody does', async () => {
  const { entitledExtensions } = await import('@devforge/server/modules/marketplace/service/entitlement')
  expect(await entitledExtensions(author.ctx, author.id)).toEqual(new Set())
  await t.deps.sql`update extensions set paid = true where id = ${extensionId}`
  expect(await entitledExtensions(author.ctx, author.id)).toEqual(new Set([extensionId]))
  await t.deps.sql`update extensions set paid = false where id = ${extensionId}`
})

test('an extension of thousands of versions is listed at once', async () => {
  const { allVersionsOf } = await import('@devforge/server/modules/marketplace/open-vsx/present')
  const { urlsOf } = await import('@devforge/server/modules/marketplace/open-vsx/urls')
  const packages = Array.from({ length: 20_000 }, (_, i) => ({
    id: `exv_${i}`,
    extensionId: 'ext_1',
    version: `1.${20_000 - i}.0`,
    versionOrder: '',
    targetPlatform: 'universal',
    preRelease: i < 3,
    status: 'published' as const,
    engine: '*',
  }))
  const started = performance.now()
  const all = allVersionsOf(urlsOf('https://x.test'), { namespace: 'a', name: 'b' }, packages)
  // It took many seconds: each version was looked for among all.
  expect(performance.now() - started).toBeLessThan(2_000)
  expect(Object.keys(all).slice(0, 3)).toEqual(['latest', 'pre-release', '1.20000.0'])
  expect(Object.keys(all)).toHaveLength(20_002)
})

test('whoever acts as somebody takes no name for them', async () => {
  const actor = { type: 'user' as const, userId: author.id, sessionId: 'ses_x', impersonatedBy: 'usr_admin' }
  const { createPublisher } = await import('@devforge/server/modules/marketplace/service/publishers')
  const taken = createPublisher({ ...author.ctx, actor }, { name: 'taken-for-you', displayName: 'You' })
  await expect(taken).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('many versions are removed at once: all of them or none, and the listing is made once', async () => {
  for (const version of ['1.0.0', '1.1.0', '1.2.0'])
    await publish(t, author, variantOf(vsix, { name: 'old', version }))
  const { removeVersions } = await import('@devforge/server/modules/marketplace/service/manage-extension')
  const listed = async () => {
    const [row] = await t.deps
      .sql`select l.revision, array(select v.version || ' ' || v.status from extension_versions v
        where v.extension_id = e.id order by v.version_order) as versions
      from extensions e join extension_listings l on l.extension_id = e.id where e.identifier = 'acme.old'`
    return { revision: Number(row?.revision), versions: row?.versions }
  }
  const before = await listed()
  const identifier = 'acme.old'
  const missing = removeVersions(author.ctx, {
    identifier,
    versions: [{ version: '1.0.0' }, { version: '1.1.0', targetPlatform: 'web' }],
  })
  await expect(missing).rejects.toMatchObject({ code: 'EXTENSION_NOT_FOUND' })
  expect(await listed()).toEqual(before)

  const versions = [
    { version: '1.0.0' },
    { version: '1.2.0', targetPlatform: 'universal' },
    { version: '1.0.0' },
  ]
  expect(await removeVersions(author.ctx, { identifier, versions })).toEqual({ changed: 2 })
  expect(await listed()).toEqual({
    revision: before.revision + 1,
    versions: ['1.0.0 removed', '1.1.0 published', '1.2.0 removed'],
  })
})

test('a look at a package in a bucket is answered here: the address of a bucket is good for fetching only', async () => {
  const { files } = t.deps
  const { signedUrl } = files
  files.signedUrl = async (key) => `https://bucket.test/${key}`
  try {
    for (const path of [
      '/vscode/gallery/publishers/acme/vsextensions/web/1.0.0/vspackage',
      '/api/acme/web/1.0.0/file/acme.web-1.0.0.vsix',
    ]) {
      expect((await get(path)).headers.get('location')).toMatch(/^https:\/\/bucket\.test\/extensions\//)
      const look = await t.fetch(TEST_URL + path, { method: 'HEAD' })
      expect([look.status, look.headers.get('content-length')]).toEqual([200, String(vsix.byteLength)])
    }
  } finally {
    files.signedUrl = signedUrl
  }
})
