import { newId } from '@devforge/db'
import { renderListing } from '@devforge/server/modules/marketplace/service/gallery/listing'
import { indexExtension } from '@devforge/server/modules/marketplace/service/search/index-extension'
import { versionOrder } from '@devforge/server/modules/marketplace/vsix/versions'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Author, createAuthor } from '../support/catalog.ts'
import {
  ALL,
  ask,
  askFor,
  byText,
  NEWEST,
  postQuery,
  type ToldExtension,
  type ToldResult,
} from '../support/gallery.ts'

const PAGE = 50
const VERSIONS = 20
const PLATFORMS = ['win32-x64', 'win32-arm64', 'linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']
/** Bytes on the wire, before any compression. */
const PAGE_LIMIT = 300_000
const LATEST_LIMIT = 20_000

let t: TestApp
let author: Author
let ids: string[] = []

/** Extensions as large publishers have them: twenty versions for six platforms, all texts there. */
async function fill(publisher: string, isPreRelease: (number: number) => boolean): Promise<string[]> {
  const { sql } = t.deps
  const [row] = await sql<{ id: string }[]>`select id from publishers where name_key = ${publisher}`
  const extensions = Array.from({ length: PAGE }, (_, i) => ({
    id: newId('ext'),
    publisher_id: row?.id ?? '',
    name: `language-support-${i}`,
    identifier: `${publisher}.language-support-${i}`,
    status: 'published',
    display_name: `Language Support ${i} for ${publisher}`,
    description: 'Rich language support with completion, navigation, refactoring, formatting and debugging.',
    categories: ['Programming Languages', 'Linters', 'Formatters', 'Debuggers'],
    tags: ['language', 'completion', 'lint', 'format', 'debug', 'test', '__ext_lang', 'snippets'],
    repository_url: `https://github.com/${publisher}/language-support-${i}`,
    bugs_url: `https://github.com/${publisher}/language-support-${i}/issues`,
    installs: 1_234_567 - i,
    rating_count: 4321,
    rating_sum: 20_000,
    has_icon: true,
    published_at: '2025-01-01T00:00:00Z',
    released_at: '2026-11-01T00:00:00Z',
    latest_version: '1.19.0',
  }))
  await sql`insert into extensions ${sql(extensions)}`
  const assets = {
    manifest: 'package.json',
    vsixManifest: 'extension.vsixmanifest',
    sbom: 'sbom.cdx.json',
    signature: 'package.sigzip',
    readme: 'readme.md',
    changelog: 'changelog.md',
    license: 'license.txt',
    icon: 'icon.png',
  }
  const numbers = Array.from({ length: VERSIONS }, (_, number) => number)
  const versions = numbers.map((number) => `1.${number}.0`)
  // In one statement: twelve thousand packages take no time then.
  await sql`
    insert into extension_versions (id, extension_id, version, version_order, target_platform, pre_release, sha256, size_bytes, signature,
      signature_kid, manifest, engine, executes_code, storage_prefix, assets, submission_id, published_by, published_at)
    select e.id || v.version || p, e.id, v.version, v.version_order, p, v.pre_release::boolean, ${Buffer.alloc(32)}, 1, ${Buffer.alloc(64)}, 'kid', '{}',
      '^1.95.0', true, 'extensions/' || e.id || '/' || v.version || '/' || p, ${JSON.stringify(assets)}::text::jsonb, e.id || v.version || p, ${author.id},
      '2026-11-01T00:00:00Z'
    from unnest(${extensions.map(({ id }) => id)}::text[]) as e(id),
      unnest(${versions}::text[], ${versions.map(versionOrder)}::text[], ${numbers.map((number) => String(isPreRelease(number)))}::text[]) as v(version, version_order, pre_release),
      unnest(${PLATFORMS}::text[]) as p`
  for (const { id } of extensions) await indexExtension(t.deps.db, id, t.clock.now())
  return extensions.map(({ id }) => id)
}

beforeAll(async () => {
  t = await createTestApp()
  author = await createAuthor(t, 'stable-labs', 'nightly-labs')
  ids = await fill('stable-labs', () => false)
  // The worst of all: a pre-release that is newer than the newest stable version, for each platform.
  await fill('nightly-labs', (number) => number % 5 === 4)
})
afterAll(() => t[Symbol.asyncDispose]())

const page = async (
  publisher: string,
  flags = NEWEST,
): Promise<{ bytes: number; extensions: ToldExtension[] }> => {
  const criteria = [
    ...byText(`publisher:"${publisher}"`),
    { filterType: 8, value: 'Microsoft.VisualStudio.Code' },
  ]
  const response = await postQuery(t, { filters: [{ criteria, pageSize: PAGE, sortBy: 4 }], flags })
  const body = await response.text()
  const { results } = JSON.parse(body) as { results: ToldResult[] }
  return { bytes: Buffer.byteLength(body), extensions: results[0]?.extensions ?? [] }
}

describe('answers are small', () => {
  test.each(['stable-labs', 'nightly-labs'])('a page of fifty of %s: under 300 KB', async (publisher) => {
    const { bytes, extensions } = await page(publisher)
    expect(extensions).toHaveLength(PAGE)
    expect(bytes).toBeLessThan(PAGE_LIMIT)
    for (const { versions } of extensions) {
      const stable = versions.filter(
        ({ properties }) => !properties.some(({ key }) => key.endsWith('.PreRelease')),
      )
      expect(stable.map(({ targetPlatform }) => targetPlatform).sort()).toEqual([...PLATFORMS].sort())
      for (const { files } of stable)
        expect(files.map(({ assetType }) => assetType.split('.').at(-1)).sort()).toEqual(
          ['Changelog', 'Default', 'Details', 'Manifest', 'VsixSignature'].sort(),
        )
    }
  })

  test('a newer pre-release is marked on the page, and told in full to whoever asks for the extension', async () => {
    const { extensions } = await page('nightly-labs')
    const marks = (extension: ToldExtension | undefined) =>
      extension?.versions.filter(({ properties }) =>
        properties.some(({ key }) => key.endsWith('.PreRelease')),
      ).length
    expect(marks(extensions[0])).toBe(1)
    expect(marks(await askFor(t, 'nightly-labs.language-support-0'))).toBe(PLATFORMS.length)
  })

  test.each(['stable-labs', 'nightly-labs'])('latest of %s: under 20 KB', async (publisher) => {
    const response = await t.fetch(`${TEST_URL}/vscode/gallery/vscode/${publisher}/language-support-7/latest`)
    const body = await response.text()
    expect(Buffer.byteLength(body)).toBeLessThan(LATEST_LIMIT)
    const { versions } = JSON.parse(body) as ToldExtension
    expect(versions).toHaveLength(publisher === 'stable-labs' ? 6 : 12)
  })

  test('every version, when that is asked for', async () => {
    const extension = await askFor(t, 'stable-labs.language-support-3', { flags: ALL })
    expect(extension.versions).toHaveLength(VERSIONS * PLATFORMS.length)
    expect(extension.versions.map(({ version }) => version)).toEqual(
      Array.from({ length: VERSIONS }, (_, i) => Array(6).fill(`1.${VERSIONS - 1 - i}.0`)).flat(),
    )
    // All versions of fifty extensions at once stay within bounds, too.
    const { bytes, extensions } = await page('stable-labs', ALL)
    expect(extensions).toHaveLength(PAGE)
    expect(bytes).toBeLessThan(8_000_000)
  })
})

describe('totals', () => {
  test('are exact below a thousand', async () => {
    expect((await ask(t, { criteria: byText('publisher:"stable-labs"'), pageSize: 3 })).total).toBe(PAGE)
  })
})

describe('listings', () => {
  test('extensions that came in bulk are rendered by their first reader, once', async () => {
    const { sql } = t.deps
    await page('stable-labs')
    const [row] = await sql<{ made: number; revisions: number[] }[]>`
      select count(*)::int as made, array_agg(distinct revision) as revisions from extension_listings where extension_id = any(${ids}::text[])`
    expect(row).toEqual({ made: PAGE, revisions: [1] })
  })

  test('what a publisher writes replaces what is in memory', async () => {
    const [id = ''] = ids
    await page('stable-labs')
    await t.deps.sql`update extensions set display_name = 'Renamed' where id = ${id}`
    const ctx = { ...author.ctx }
    await renderListing(ctx, id)
    const { extensions } = await page('stable-labs')
    expect(extensions.find(({ extensionName }) => extensionName === 'language-support-0')?.displayName).toBe(
      'Renamed',
    )
  })

  test('counters and publisher are those of now, though the rest comes from memory', async () => {
    await page('stable-labs')
    await t.deps.sql`update extensions set installs = 7000001 where id = ${ids[1] ?? ''}`
    await t.deps.sql`update publishers set display_name = 'Stable & Sons' where name_key = 'stable-labs'`
    const { extensions } = await page('stable-labs')
    const found = extensions.find(({ extensionName }) => extensionName === 'language-support-1')
    expect([found?.statistics[0]?.value, found?.publisher.displayName]).toEqual([7_000_001, 'Stable & Sons'])
  })

  test('texts of authors cannot pose as our address', async () => {
    const [, , id = ''] = ids
    const nasty = '\u0001"},{"x":"\\u0001/vscode/asset \u2028</script>'
    await t.deps.sql`update extensions set display_name = ${nasty} where id = ${id}`
    await renderListing({ ...author.ctx }, id)
    expect((await askFor(t, 'stable-labs.language-support-2')).displayName).toBe(nasty)
  })
})
