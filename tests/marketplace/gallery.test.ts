import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Author, createAuthor, publish } from '../support/catalog.ts'
import {
  ALL,
  ask,
  askFor,
  byName,
  byText,
  NEWEST,
  postQuery,
  propertyOf,
  type ToldExtension,
} from '../support/gallery.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

let t: TestApp
let author: Author
let rust: Uint8Array

/** A version of the second extension. */
const theme = (version: string): Uint8Array =>
  variantOf(rust, {
    name: 'theme',
    version,
    manifest: {
      displayName: 'Quiet Theme',
      description: 'A theme without noise',
      preview: false,
      categories: ['Themes'],
      keywords: ['theme', 'color-theme'],
      extensionDependencies: ['forge-labs.rust'],
    },
  })

/** Every asset that editors look for. */
const ASSETS = [
  'Microsoft.VisualStudio.Code.Manifest',
  'Microsoft.VisualStudio.Services.Content.Changelog',
  'Microsoft.VisualStudio.Services.Content.Details',
  'Microsoft.VisualStudio.Services.Content.License',
  'Microsoft.VisualStudio.Services.Icons.Default',
  'Microsoft.VisualStudio.Services.VSIXPackage',
  'Microsoft.VisualStudio.Services.VsixSignature',
]

beforeAll(async () => {
  t = await createTestApp()
  author = await createAuthor(t, 'Forge-Labs')
  rust = await packVsix({
    publisher: 'Forge-Labs',
    name: 'rust',
    version: '1.9.0',
    manifest: { displayName: 'Rust Tools', description: 'Rust for everybody', preview: true },
  })
  const about = { categories: ['Programming Languages'], keywords: ['rust', 'systems'] }
  await publish(t, author, variantOf(rust, { manifest: about }))
  t.clock.advance(60_000)
  await publish(t, author, variantOf(rust, { version: '1.10.0', manifest: about }))
  t.clock.advance(60_000)
  for (const targetPlatform of ['linux-x64', 'darwin-arm64', 'win32-x64'])
    await publish(t, author, variantOf(rust, { version: '1.11.0', targetPlatform, manifest: about }))
  t.clock.advance(60_000)
  await publish(
    t,
    author,
    variantOf(rust, { version: '1.12.0', targetPlatform: 'linux-x64', preRelease: true, manifest: about }),
  )
  t.clock.advance(60_000)
  await publish(t, author, theme('0.1.0'))
})
afterAll(() => t[Symbol.asyncDispose]())

const names = ({ extensions }: { extensions: ToldExtension[] }): string[] =>
  extensions.map(({ extensionName }) => extensionName)
const packages = ({ versions }: ToldExtension): string[] =>
  versions.map(({ version, targetPlatform }) => `${version} ${targetPlatform}`)

describe('what an extension is told to be', () => {
  test('has every member that editors read', async () => {
    const theme = await askFor(t, 'forge-labs.theme')
    expect(theme).toMatchObject({
      extensionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      extensionName: 'theme',
      displayName: 'Quiet Theme',
      shortDescription: 'A theme without noise',
      publisher: {
        publisherId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        publisherName: 'Forge-Labs',
        displayName: 'Forge-Labs inc.',
        domain: null,
        isDomainVerified: false,
      },
      categories: ['Themes'],
      flags: expect.stringContaining('public'),
    })
    expect(theme.tags).toEqual(expect.arrayContaining(['theme', 'color-theme']))
    for (const at of [
      theme.releaseDate,
      theme.publishedDate,
      theme.lastUpdated,
      theme.versions[0]?.lastUpdated,
    ])
      expect(new Date(at ?? '').toISOString()).toBe(at)
    expect(theme.statistics).toEqual([
      { statisticName: 'install', value: 0 },
      { statisticName: 'averagerating', value: 0 },
      { statisticName: 'ratingcount', value: 0 },
    ])
  })

  test('a version has addresses, files and properties, among them a manifest and a signature', async () => {
    const [version] = (await askFor(t, 'forge-labs.theme')).versions
    if (!version) throw new Error('no version')
    const base = `${TEST_URL}/vscode/asset/Forge-Labs/theme/0.1.0`
    expect(version).toMatchObject({
      version: '0.1.0',
      assetUri: base,
      fallbackAssetUri: base,
      targetPlatform: 'universal',
    })
    expect(version.files.map(({ assetType }) => assetType).sort()).toEqual(ASSETS)
    expect(propertyOf(version, 'Code.Engine')).toBe('^1.80.0')
    expect(propertyOf(version, 'Code.ExtensionDependencies')).toBe('forge-labs.rust')
    expect(propertyOf(version, 'Code.ExecutesCode')).toBe('true')
    expect(propertyOf(version, 'Code.PreRelease')).toBeUndefined()
    expect(propertyOf(version, 'Services.Links.Source')).toBe('https://github.com/acme/hello')
  })

  test('every source of a file is an address that answers', async () => {
    const [version] = (await askFor(t, 'forge-labs.theme')).versions
    for (const { source } of version?.files ?? []) {
      const response = await t.fetch(source ?? '')
      expect([source, response.status]).toEqual([source, 200])
      await response.arrayBuffer()
    }
  })

  test('preview, verified domains, ratings and installs are told', async () => {
    await t.deps
      .sql`update publishers set domain = 'forge.example', domain_verified_at = now() where name_key = 'forge-labs'`
    await t.deps
      .sql`update extensions set installs = 1234, rating_count = 3, rating_sum = 13 where identifier = 'forge-labs.rust'`
    const extension = await askFor(t, 'forge-labs.rust')
    expect(extension.flags).toContain('preview')
    expect(extension.publisher).toMatchObject({ domain: 'https://forge.example', isDomainVerified: true })
    expect(extension.statistics.map(({ value }) => value)).toEqual([1234, 4.33, 3])
  })
})

describe('versions', () => {
  const NEW = [
    '1.12.0 linux-x64',
    '1.11.0 darwin-arm64',
    '1.11.0 linux-x64',
    '1.11.0 win32-x64',
    '1.10.0 universal',
  ]

  test('newest first, the newest stable and the newest pre-release of each platform', async () => {
    const rust = await askFor(t, 'forge-labs.rust')
    expect(packages(rust)).toEqual(NEW)
    expect(rust.versions.map((version) => propertyOf(version, 'Code.PreRelease'))).toEqual([
      'true',
      ...Array(4).fill(undefined),
    ])
  })

  test('all of them with flags 439', async () => {
    expect(packages(await askFor(t, 'forge-labs.rust', { flags: ALL }))).toEqual([...NEW, '1.9.0 universal'])
  })

  test('all of them again from memory, and anew after a publish', async () => {
    await askFor(t, 'forge-labs.theme', { flags: ALL })
    await publish(t, author, theme('0.2.0'))
    for (let time = 0; time < 2; time++)
      expect(packages(await askFor(t, 'forge-labs.theme', { flags: ALL }))).toEqual([
        '0.2.0 universal',
        '0.1.0 universal',
      ])
  })

  test('0x10000: newest pre-release and stable', async () => {
    expect(packages(await askFor(t, 'forge-labs.rust', { flags: 0x10000 + ALL }))).toEqual(NEW)
  })

  test('a search shows a new version at once', async () => {
    expect((await ask(t, { criteria: byText('quiet') })).extensions[0]?.versions[0]?.version).not.toBe(
      '0.3.0',
    )
    await publish(t, author, theme('0.3.0'))
    expect((await ask(t, { criteria: byText('quiet') })).extensions[0]?.versions[0]?.version).toBe('0.3.0')
  })

  test('yanked ones are not told of', async () => {
    await publish(t, author, theme('0.4.0'))
    await t.deps.sql`update extension_versions set status = 'yanked' where version = '0.4.0'`
    expect(packages(await askFor(t, 'forge-labs.theme', { flags: ALL }))).not.toContain('0.4.0 universal')
  })
})

describe('flags', () => {
  test('what is not asked for is left out, and lists stay lists', async () => {
    const bare = await askFor(t, 'forge-labs.rust', { flags: 0x200 })
    expect(bare).toMatchObject({ tags: [], categories: [], statistics: [], flags: expect.any(String) })
    for (const version of bare.versions) expect(version).toMatchObject({ files: [], properties: [] })
    expect(bare.versions[0]).not.toHaveProperty('assetUri')
    expect(packages(bare)[0]).toBe('1.12.0 linux-x64')
  })

  test.each([
    [0x2, ['files']],
    [0x10, ['properties']],
    [0x80, ['assetUri', 'fallbackAssetUri']],
  ])('0x%s alone brings its part', async (flag, members) => {
    const [version] = (await askFor(t, 'forge-labs.theme', { flags: 0x200 | flag })).versions
    for (const member of members) expect(version?.[member as 'files']?.length).toBeGreaterThan(0)
  })

  test('4 brings tags and categories, 0x100 statistics', async () => {
    expect((await askFor(t, 'forge-labs.theme', { flags: 0x200 | 4 })).categories).toEqual(['Themes'])
    expect((await askFor(t, 'forge-labs.theme', { flags: 0x200 | 0x100 })).statistics).toHaveLength(3)
  })

  test('flags of what we do not have (shared accounts, targets, unpublished, name conflicts) change nothing', async () => {
    const known = await askFor(t, 'forge-labs.theme')
    expect(await askFor(t, 'forge-labs.theme', { flags: NEWEST | 8 | 0x40 | 0x1000 | 0x8000 })).toEqual(known)
  })
})

describe('criteria', () => {
  test('names in any case, several of them, in the order asked', async () => {
    const found = await ask(t, { criteria: byName('FORGE-labs.Theme', 'nobody.nothing', 'forge-labs.rust') })
    expect(names(found)).toEqual(['theme', 'rust'])
    expect(found.total).toBe(2)
  })

  test('uuids, several; what is none finds nothing', async () => {
    const [theme, rust] = [await askFor(t, 'forge-labs.theme'), await askFor(t, 'forge-labs.rust')]
    const ids = [rust.extensionId.toUpperCase(), 'no-uuid', theme.extensionId, rust.extensionId]
    const found = await ask(t, { criteria: ids.map((value) => ({ filterType: 4, value })) })
    expect(names(found)).toEqual(['rust', 'theme'])
    expect(names(await ask(t, { criteria: [{ filterType: 4, value: "x'; drop" }] }))).toEqual([])
  })

  test('an extension asked for by name and uuid comes once', async () => {
    const { extensionId } = await askFor(t, 'forge-labs.theme')
    const found = await ask(t, {
      criteria: [...byName('forge-labs.theme'), { filterType: 4, value: extensionId }],
    })
    expect(names(found)).toEqual(['theme'])
  })

  test('text, tag, category, and what of them does not match', async () => {
    expect(names(await ask(t, { criteria: byText('quiet') }))).toEqual(['theme'])
    expect(names(await ask(t, { criteria: byText('rust tools') }))[0]).toBe('rust')
    expect(names(await ask(t, { criteria: [{ filterType: 1, value: 'systems' }] }))).toEqual(['rust'])
    expect(names(await ask(t, { criteria: [{ filterType: 5, value: 'Programming Languages' }] }))).toEqual([
      'rust',
    ])
    expect(names(await ask(t, { criteria: [{ filterType: 5, value: 'Debuggers' }] }))).toEqual([])
  })

  test('featured', async () => {
    expect(names(await ask(t, { criteria: [{ filterType: 9 }] }))).toEqual([])
  })

  test('another target than the editor has no extensions', async () => {
    const criteria = [{ filterType: 8, value: 'Microsoft.VisualStudio.Ide' }]
    const body = { filters: [{ criteria }], flags: NEWEST }
    const { results } = (await (await postQuery(t, body)).json()) as { results: { extensions: unknown[] }[] }
    expect(results[0]?.extensions).toEqual([])
  })

  test('no criteria: the whole catalog', async () => {
    expect(names(await ask(t)).sort()).toEqual(['rust', 'theme'])
  })
})

describe('sorts and pages', () => {
  const sorted = async (sortBy: number, sortOrder = 0) => names(await ask(t, { sortBy, sortOrder }))

  test('each sort and its way round', async () => {
    await t.deps
      .sql`update extension_search set installs = 1234, rating = 4.3 where identifier = 'forge-labs.rust'`
    expect(await sorted(4)).toEqual(['rust', 'theme'])
    expect(await sorted(4, 1)).toEqual(['theme', 'rust'])
    expect(await sorted(2)).toEqual(['theme', 'rust'])
    expect(await sorted(2, 2)).toEqual(['rust', 'theme'])
    expect(await sorted(1)).toEqual(['theme', 'rust'])
    expect(await sorted(10)).toEqual(['theme', 'rust'])
    expect(await sorted(10, 1)).toEqual(['rust', 'theme'])
    expect(await sorted(6)).toEqual(['rust', 'theme'])
    expect(await sorted(12)).toEqual(['rust', 'theme'])
    for (const sortBy of [0, 3, 99]) expect((await sorted(sortBy)).sort()).toEqual(['rust', 'theme'])
  })

  test('pages hold what they should, and the total stays', async () => {
    const first = await ask(t, { sortBy: 2, pageSize: 1 })
    const second = await ask(t, { sortBy: 2, pageSize: 1, pageNumber: 2 })
    const third = await ask(t, { sortBy: 2, pageSize: 1, pageNumber: 3 })
    expect([names(first), names(second), names(third)]).toEqual([['theme'], ['rust'], []])
    expect([first.total, second.total]).toEqual([2, 2])
  })

  test('several filters: a result for each', async () => {
    const filters = [{ criteria: byText('quiet') }, { criteria: byName('forge-labs.rust') }]
    const { results } = (await (await postQuery(t, { filters, flags: NEWEST })).json()) as {
      results: { extensions: ToldExtension[] }[]
    }
    expect(results.map(names)).toEqual([['theme'], ['rust']])
  })
})

describe('what is no query', () => {
  test.each([
    ['broken JSON', '{"filters":[', 400],
    ['nothing', '', 400],
    ['no object', '[]', 400],
    ['no filters', '{"flags":950}', 400],
    ['an empty list', '{"filters":[],"flags":950}', 400],
    ['filters of another kind', '{"filters":{"criteria":[]}}', 400],
    ['criteria of another kind', '{"filters":[{"criteria":"x"}]}', 400],
    ['too many filters', JSON.stringify({ filters: Array(50).fill({}) }), 400],
    ['NUL', '{"filters":[{"criteria":[{"filterType":10,"value":"\\u0000"}]}]}', 400],
    ['half a surrogate', '{"filters":[{"criteria":[{"filterType":10,"value":"\\ud800"}]}]}', 400],
    ['a megabyte', JSON.stringify({ filters: [{}], more: 'x'.repeat(1_100_000) }), 413],
  ])('%s gets a typed error', async (_, body, status) => {
    const response = await postQuery(t, body)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({
      error: { code: expect.stringMatching(/^[A-Z_]+$/), requestId: expect.any(String) },
    })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })

  test.each([
    [
      'numbers that are none',
      { filters: [{ pageNumber: -1, pageSize: 1e9, sortBy: 'x', sortOrder: null }], flags: 'x' },
    ],
    [
      'criteria nobody knows',
      {
        filters: [
          {
            criteria: [
              { filterType: 4711, value: {} },
              { filterType: 10, value: null },
            ],
          },
        ],
      },
    ],
    [
      'the last page there is',
      { filters: [{ pageNumber: 2147483647, pageSize: 2147483647 }], flags: NEWEST },
    ],
    ['long text', { filters: [{ criteria: byText('x'.repeat(50_000)) }], flags: NEWEST }],
    [
      'signs of a query language',
      { filters: [{ criteria: byText(`" ' \\ & | ! ( ) : * <-> %_ \u202e`) }], flags: NEWEST },
    ],
    [
      'names without end',
      {
        filters: [{ criteria: Array.from({ length: 900 }, (_, i) => byName(`a.b${i}`)).flat() }],
        flags: NEWEST,
      },
    ],
  ])('%s: answered, not failed', async (_, body) => {
    expect((await postQuery(t, body)).status).toBe(200)
  })

  test('another type of body, another method', async () => {
    expect((await postQuery(t, 'x', { 'content-type': 'text/plain' })).status).toBe(415)
    const response = await t.fetch(`${TEST_URL}/vscode/gallery/extensionquery`)
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
  })
})

describe('latest', () => {
  const latest = (path: string, headers: Record<string, string> = {}) =>
    t.fetch(`${TEST_URL}/vscode/gallery/vscode/${path}/latest`, { headers })

  test('the bare extension with its newest versions', async () => {
    const response = await latest('forge-labs/RUST')
    expect(response.status).toBe(200)
    const extension = (await response.json()) as ToldExtension
    expect(extension).toEqual(await askFor(t, 'forge-labs.rust'))
  })

  test('an ETag that spares the answer until there is something new', async () => {
    const first = await latest('forge-labs/theme')
    const etag = first.headers.get('etag') ?? ''
    await first.text()
    const same = await latest('forge-labs/theme', { 'if-none-match': etag })
    expect([same.status, await same.text(), same.headers.get('etag')]).toEqual([304, '', etag])
    const other = await latest('forge-labs/rust', { 'if-none-match': etag })
    expect([other.status, ((await other.json()) as ToldExtension).extensionName]).toEqual([200, 'rust'])
    await publish(t, author, theme('0.5.0'))
    const after = await latest('forge-labs/theme', { 'if-none-match': etag })
    expect([after.status, ((await after.json()) as ToldExtension).versions[0]?.version]).toEqual([
      200,
      '0.5.0',
    ])
    expect((await latest('forge-labs/theme', { 'if-none-match': `"x", W/"${'9'.repeat(40)}"` })).status).toBe(
      200,
    )
  })

  test('404 for what is not there, hidden or removed', async () => {
    for (const path of ['forge-labs/nothing', 'nobody/rust', '%00/x', '../x']) {
      const response = await latest(path)
      expect([path, response.status]).toEqual([path, 404])
      expect(await response.json()).toMatchObject({ error: { code: expect.stringMatching(/NOT_FOUND/) } })
    }
    await t.deps.sql`update extensions set status = 'removed' where identifier = 'forge-labs.theme'`
    expect((await latest('forge-labs/theme')).status).toBe(404)
    expect(names(await ask(t, { criteria: byName('forge-labs.theme') }))).toEqual([])
    await t.deps.sql`update extensions set status = 'published' where identifier = 'forge-labs.theme'`
  })
})
