import { createHash } from 'node:crypto'
import { createArchives } from '@devforge/server/http/vscode/archives'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Author, createAuthor, publish } from '../support/catalog.ts'
import { ask, askFor, byName } from '../support/gallery.ts'
import { type Person, signUp } from '../support/people.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

let t: TestApp
let author: Author
let plain: Uint8Array
let web: Uint8Array
let native: Uint8Array
/** A file that is too large to be read as a whole, and no bomb. */
const BIG = Buffer.from(
  Array.from({ length: 30_000 }, (_, i) => createHash('sha256').update(`${i}`).digest('hex')).join('\n'),
)

beforeAll(async () => {
  t = await createTestApp()
  author = await createAuthor(t, 'acme')
  plain = variantOf(await packVsix({ publisher: 'acme', name: 'web', version: '1.0.0' }), {
    files: {
      'extension/page.html': '<script>alert(1)</script>',
      'extension/media/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
      'extension/dist/data.bin': Buffer.from([0, 1, 2, 255]),
      'extension/with space & ümlaut.txt': 'found',
    },
  })
  web = variantOf(plain, { files: { 'extension/dist/main.js': BIG } })
  await publish(t, author, web)
  native = variantOf(plain, { name: 'native', targetPlatform: 'linux-x64' })
  await publish(t, author, native)
  await publish(t, author, variantOf(plain, { name: 'native', targetPlatform: 'darwin-arm64' }))
})
afterAll(() => t[Symbol.asyncDispose]())

/** Reads the answer to its end, so that no file stays open behind one that a test only looks at. */
async function get(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await t.fetch(`${TEST_URL}${path}`, init)
  const body = await response.arrayBuffer()
  return new Response(body.byteLength === 0 ? null : body, response)
}
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const ASSET = '/vscode/asset/acme/web/1.0.0'
const VSIX = 'Microsoft.VisualStudio.Services.VSIXPackage'

describe('assets', () => {
  test.each([
    ['Microsoft.VisualStudio.Code.Manifest', 'application/json', '"engines"'],
    ['Microsoft.VisualStudio.Services.Content.Details', 'text/markdown', '# Hello'],
    ['Microsoft.VisualStudio.Services.Content.Changelog', 'text/markdown', '## 1.0.0'],
    ['Microsoft.VisualStudio.Services.Content.License', 'text/plain', 'MIT License'],
    ['Microsoft.VisualStudio.Services.VsixManifest', 'text/', '<PackageManifest'],
    ['Microsoft.VisualStudio.Services.Icons.Default', 'image/png', 'PNG'],
    ['Microsoft.VisualStudio.Services.VsixSignature', 'application/zip', '.signature.sig'],
    ['Microsoft.VisualStudio.Code.WebResources/extension/package.json', 'application/json', '"engines"'],
  ])('%s', async (asset, type, text) => {
    const response = await get(`${ASSET}/${asset}`)
    expect([response.status, response.headers.get('content-type')?.startsWith(type)]).toEqual([200, true])
    expect(response.headers.get('cache-control')).toContain('immutable')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect((await bytesOf(response)).toString('latin1')).toContain(text)
    const etag = response.headers.get('etag') ?? ''
    expect((await get(`${ASSET}/${asset}`, { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  test('names in any case, as editors send them', async () => {
    const response = await get(
      '/vscode/asset/ACME/Web/1.0.0/Microsoft.VisualStudio.Code.Manifest?targetPlatform=universal',
    )
    expect(response.status).toBe(200)
    await response.text()
  })

  test.each([
    '/vscode/asset/acme/web/1.0.0/Microsoft.VisualStudio.Nothing',
    '/vscode/asset/acme/web/1.0.0/__proto__',
    '/vscode/asset/acme/web/9.9.9/Microsoft.VisualStudio.Code.Manifest',
    '/vscode/asset/acme/nothing/1.0.0/Microsoft.VisualStudio.Code.Manifest',
    '/vscode/asset/acme/web/1.0.0/',
    '/vscode/asset/acme/web/..%2f..%2f/Microsoft.VisualStudio.Code.Manifest',
    '/vscode/asset/acme/native/1.0.0/Microsoft.VisualStudio.Code.Manifest?targetPlatform=win32-x64',
    '/vscode/asset/acme/web/1.0.0/Microsoft.VisualStudio.Code.WebResources/extension/nothing.js',
    '/vscode/asset/acme/web/1.0.0/Microsoft.VisualStudio.Code.WebResources/extension.vsixmanifest',
    '/vscode/asset/acme/web/1.0.0/Microsoft.VisualStudio.Code.WebResources/extension/..%2fextension.vsixmanifest',
    '/vscode/unpkg/acme/web/1.0.0/[Content_Types].xml',
    '/vscode/unpkg/acme/web/1.0.0/extension/..%5cx',
    '/vscode/unpkg/acme/web/1.0.0/extension',
  ])('404, typed: %s', async (path) => {
    const response = await get(path)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: expect.stringMatching(/NOT_FOUND/) } })
  })

  test('broken escapes are a bad request', async () => {
    expect((await get(`${ASSET}/%ff`)).status).toBe(400)
  })
})

describe('the package', () => {
  test('comes whole, in part, or not at all when it is there already', async () => {
    const whole = await get(`${ASSET}/${VSIX}?redirect=true`)
    expect(whole.headers.get('content-disposition')).toBe('attachment; filename="acme.web-1.0.0.vsix"')
    expect(sha256(await bytesOf(whole))).toBe(sha256(web))
    const part = await get(`${ASSET}/${VSIX}`, { headers: { range: 'bytes=10-19' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${web.length}`])
    expect(await bytesOf(part)).toEqual(Buffer.from(web.slice(10, 20)))
    const end = await get(`${ASSET}/${VSIX}`, { headers: { range: 'bytes=-4' } })
    expect(await bytesOf(end)).toEqual(Buffer.from(web.slice(-4)))
    expect((await get(`${ASSET}/${VSIX}`, { headers: { range: `bytes=${web.length}-` } })).status).toBe(416)
    const etag = whole.headers.get('etag') ?? ''
    expect((await get(`${ASSET}/${VSIX}`, { headers: { 'if-none-match': etag } })).status).toBe(304)
    const other = await get(`${ASSET}/${VSIX}`, { headers: { range: 'bytes=0-3', 'if-range': '"other"' } })
    expect([other.status, (await bytesOf(other)).length]).toEqual([200, web.length])
    const head = await get(`${ASSET}/${VSIX}`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(web.length),
      '',
    ])
  })

  test('for each platform its own; without one the universal, or any', async () => {
    const of = async (query: string, name = 'native') =>
      sha256(await bytesOf(await get(`/vscode/asset/acme/${name}/1.0.0/${VSIX}${query}`)))
    expect(await of('?targetPlatform=linux-x64')).toBe(sha256(native))
    expect(await of('?targetPlatform=darwin-arm64')).not.toBe(sha256(native))
    expect(await of('?targetPlatform=linux-x64', 'web')).toBe(sha256(web))
    expect(await of('?targetPlatform=undefined', 'web')).toBe(sha256(web))
    expect(await of('')).toMatch(/^[0-9a-f]{64}$/)
  })

  test('vspackage, where browsers and tools look', async () => {
    for (const prefix of ['/vscode/gallery', '/_apis/public/gallery']) {
      const response = await get(`${prefix}/publishers/acme/vsextensions/web/1.0.0/vspackage`)
      expect(sha256(await bytesOf(response))).toBe(sha256(web))
    }
    const path =
      '/vscode/gallery/publishers/acme/vsextensions/native/1.0.0/vspackage?targetPlatform=linux-x64'
    expect((await get(path)).headers.get('content-disposition')).toContain('acme.native-1.0.0@linux-x64.vsix')
  })

  test('a yanked version still comes to whoever names it', async () => {
    await publish(t, author, variantOf(plain, { name: 'yanked' }))
    await t.deps.sql`update extension_versions v set status = 'yanked' from extensions e
      where e.id = v.extension_id and e.identifier = 'acme.yanked'`
    expect((await get(`/vscode/asset/acme/yanked/1.0.0/${VSIX}`)).status).toBe(200)
    await t.deps.sql`update extensions set status = 'removed' where identifier = 'acme.yanked'`
    expect((await get(`/vscode/asset/acme/yanked/1.0.0/${VSIX}`)).status).toBe(404)
  })
})

describe('counting', () => {
  const counted = async (name: string) => {
    await t.deps.usage.flush()
    const rows = await t.deps.sql<{ kind: string; platform: string; client: boolean }[]>`
      select u.kind::text as kind, u.target_platform as platform, u.client is not null as client from usage_events u
      join extensions e on e.id = u.extension_id where e.identifier = ${`acme.${name}`} order by u.sequence`
    return rows.map(({ kind, platform }) => `${kind} ${platform}`)
  }
  const fresh = async (name: string) => {
    await publish(t, author, variantOf(plain, { name, targetPlatform: 'linux-x64' }))
    return `/vscode/asset/acme/${name}/1.0.0/${VSIX}`
  }
  const as = (client: string, more: Record<string, string> = {}): RequestInit => ({
    headers: { 'x-market-user-id': client, ...more },
  })

  test('one event for each package that was given out, by the flag in its address', async () => {
    const path = await fresh('counted')
    for (const [query, client] of [
      ['?redirect=true&targetPlatform=linux-x64&install=true', 'a'],
      ['?redirect=true&update=true', 'a'],
      ['', 'b'],
    ] as const)
      await (await get(path + query, as(client))).arrayBuffer()
    expect(await counted('counted')).toEqual(['install linux-x64', 'update linux-x64', 'download linux-x64'])
  })

  test('not for a look at it, for what the client has, or for the rest of a file', async () => {
    const path = await fresh('looked-at')
    const first = await get(`${path}?install=true`, as('a'))
    await first.arrayBuffer()
    const etag = first.headers.get('etag') ?? ''
    await get(path, { method: 'HEAD', headers: { 'x-market-user-id': 'b' } })
    await get(path, as('c', { 'if-none-match': etag }))
    await (await get(path, as('d', { range: 'bytes=100-' }))).arrayBuffer()
    await (await get(path, as('e', { range: 'bytes=0-99' }))).arrayBuffer()
    expect(await counted('looked-at')).toEqual(['install linux-x64', 'download linux-x64'])
  })

  test('uninstalls are told by the editor', async () => {
    await fresh('left')
    const stats = (path: string) =>
      get(`/vscode/gallery/publishers/acme/extensions/${path}`, { method: 'POST' })
    expect((await stats('left/1.0.0/stats?statType=uninstall')).status).toBe(200)
    expect((await stats('left/1.0.0/stats?statType=install')).status).toBe(400)
    expect((await stats('left/1.0.0/stats')).status).toBe(400)
    expect((await stats('nothing/1.0.0/stats?statType=uninstall')).status).toBe(404)
    expect(await counted('left')).toEqual(['uninstall universal'])
  })
})

describe('files of web extensions', () => {
  const UNPKG = '/vscode/unpkg/acme/web/1.0.0/extension'

  test('come out of the package, small and large', async () => {
    expect(JSON.parse(await (await get(`${UNPKG}/package.json`)).text())).toMatchObject({ name: 'web' })
    const big = await get(`${UNPKG}/dist/main.js`)
    expect(big.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(big.headers.get('content-length')).toBe(String(BIG.length))
    expect(sha256(await bytesOf(big))).toBe(sha256(BIG))
    expect(await (await get(`${UNPKG}/with%20space%20%26%20%C3%BCmlaut.txt`)).text()).toBe('found')
    expect((await get(`${UNPKG}/dist/data.bin`)).headers.get('content-type')).toBe('application/octet-stream')
  })

  test('the platform may stand behind a plus sign', async () => {
    const path = (version: string) => `/vscode/unpkg/acme/native/${version}/extension/package.json`
    expect((await get(path('1.0.0+linux-x64'))).status).toBe(200)
    expect((await get(path('1.0.0%2Blinux-x64'))).status).toBe(200)
    expect((await get(path('1.0.0+win32-x64'))).status).toBe(404)
    expect((await get('/vscode/unpkg/acme/web/1.0.0+web/extension/package.json')).status).toBe(200)
  })

  test('many readers of more packages than are kept open', async () => {
    const keys = Array.from({ length: 6 }, (_, i) => `tests/archives/${i}.vsix`)
    for (const key of keys) await t.deps.files.put(key, web, { contentType: 'application/octet-stream' })
    const archives = createArchives(t.deps, 2)
    const read = async (key: string): Promise<string> => {
      const { archive, release } = await archives.borrow(key)
      try {
        return sha256(await archive.readEntry('extension/dist/main.js', 10_000_000))
      } finally {
        release()
        // Twice is once: nobody closes what others read.
        release()
      }
    }
    const sums = await Promise.all(Array.from({ length: 60 }, (_, i) => read(keys[i % 6] ?? '')))
    expect(new Set(sums)).toEqual(new Set([sha256(BIG)]))
    await expect(archives.borrow('tests/archives/none.vsix')).rejects.toThrow('there is no file')
    await archives.close()
  })

  test('a reader who leaves does no harm', async () => {
    const left = await t.fetch(`${TEST_URL}${UNPKG}/dist/main.js`)
    await left.body?.cancel()
    expect(sha256(await bytesOf(await get(`${UNPKG}/dist/main.js`)))).toBe(sha256(BIG))
  })

  test('run nothing on our origin', async () => {
    const page = await get(`${UNPKG}/page.html`)
    expect(page.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    for (const path of [`${UNPKG}/page.html`, `${UNPKG}/media/logo.svg`, `${UNPKG}/dist/main.js`]) {
      const { headers } = await get(path)
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*; sandbox;/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
    const ours = (purpose: string): RequestInit => ({
      headers: { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': purpose },
    })
    for (const purpose of ['script', 'worker', 'serviceworker', 'style', 'document', 'iframe'])
      expect([purpose, (await get(`${UNPKG}/dist/main.js`, ours(purpose))).status]).toEqual([purpose, 403])
    expect((await get(`${UNPKG}/dist/main.js`, { headers: { 'service-worker': 'script' } })).status).toBe(403)
    const elsewhere = { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'script' } }
    expect((await get(`${UNPKG}/dist/main.js`, elsewhere)).status).toBe(200)
  })
})

describe('who may read', () => {
  test('pages of any origin, without cookies, with the headers that editors send', async () => {
    for (const path of [
      '/vscode/gallery/extensionquery',
      `${ASSET}/x`,
      '/vscode/unpkg/acme/web/1.0.0/x',
      '/vscode/control',
    ]) {
      const response = await get(path, {
        method: 'OPTIONS',
        headers: { origin: 'https://editor.example', 'access-control-request-method': 'POST' },
      })
      const { headers, status } = response
      expect([path, status, headers.get('access-control-allow-origin')]).toEqual([path, 204, '*'])
      const allowed = headers.get('access-control-allow-headers')?.split(', ')
      expect(allowed).toEqual(
        expect.arrayContaining([
          'content-type',
          'vscode-sessionid',
          'x-market-client-id',
          'x-market-user-id',
        ]),
      )
      expect(headers.has('access-control-allow-credentials')).toBe(false)
    }
  })

  test('a page of any origin gets its answer; the rest of the server stays closed to it', async () => {
    const headers = { origin: 'https://editor.example', 'content-type': 'application/json' }
    const open = await get('/vscode/gallery/extensionquery', {
      method: 'POST',
      headers,
      body: '{"filters":[{}],"flags":950}',
    })
    expect([open.status, open.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
    const closed = await get('/trpc/users.me', { method: 'POST', headers, body: '{}' })
    expect(closed.status).toBe(403)
  })
})

describe('paid extensions', () => {
  let reader: Person
  const bearer = async (who: Person): Promise<Record<string, string>> => {
    const { token } = await who.forge.auth.createApiToken({ name: 'editor', scopes: ['read'] })
    return { authorization: `Bearer ${token}` }
  }

  beforeAll(async () => {
    reader = await signUp(t)
    const rowId = await publish(
      t,
      author,
      variantOf(plain, { name: 'paid', manifest: { displayName: 'Costly' } }),
    )
    await t.deps.sql`update extensions set paid = true where id = ${rowId}`
    const { indexExtension } = await import(
      '@devforge/server/modules/marketplace/service/search/index-extension'
    )
    await indexExtension(t.deps.db, rowId, t.clock.now())
  })

  const PAID = '/vscode/asset/acme/paid/1.0.0'
  const names = async (headers: Record<string, string>, criteria = byName('acme.paid')) =>
    (await ask(t, { criteria, headers })).extensions.map(({ extensionName }) => extensionName)
  const text = [{ filterType: 10, value: 'costly' }]

  test('strangers and people who have not bought it are not told of it', async () => {
    const expired = { authorization: 'Bearer dfp_not_a_token_of_ours' }
    for (const headers of [
      {},
      expired,
      await bearer(reader),
      { authorization: 'Bearer x.y.z' },
      { authorization: 'Basic eA==' },
    ]) {
      expect(await names(headers)).toEqual([])
      const found = await ask(t, { criteria: text, headers })
      expect([found.extensions.length, found.total]).toEqual([0, 0])
      expect((await get('/vscode/gallery/vscode/acme/paid/latest', { headers })).status).toBe(404)
    }
  })

  test('its package is not there for them either: 404, never 403', async () => {
    for (const headers of [{}, await bearer(reader)]) {
      for (const path of [
        `${PAID}/${VSIX}?install=true`,
        `${PAID}/Microsoft.VisualStudio.Code.WebResources/extension/package.json`,
        '/vscode/unpkg/acme/paid/1.0.0/extension/package.json',
        '/vscode/gallery/publishers/acme/vsextensions/paid/1.0.0/vspackage',
      ])
        expect([path, (await get(path, { headers })).status]).toEqual([path, 404])
    }
  })

  test('its publisher, as one of those who may have it, is served; not for shared caches', async () => {
    await t.deps.sql`update publisher_members set accepted_at = now() where user_id = ${author.id}`
    const token = await tokenOf(author.id)
    expect(await names(token)).toEqual(['paid'])
    expect(await names(token, text)).toEqual(['paid'])
    const latest = await get('/vscode/gallery/vscode/acme/paid/latest', { headers: token })
    expect([latest.status, latest.headers.get('cache-control')]).toEqual([200, 'private, no-cache'])
    const vsix = await get(`${PAID}/${VSIX}`, { headers: token })
    expect([vsix.status, vsix.headers.get('cache-control')]).toEqual([200, 'private, no-store'])
  })

  /** A token of the author, whose password these tests never knew. */
  async function tokenOf(userId: string): Promise<Record<string, string>> {
    const { createApiToken } = await import('@devforge/server/modules/auth/service/api-tokens')
    const { token } = await createApiToken(
      { ...author.ctx, actor: { type: 'user', userId, sessionId: 'ses_of_a_test' } },
      { name: 'editor', scopes: ['read'] },
    )
    return { authorization: `Bearer ${token}` }
  }
})

describe('the control file', () => {
  test('names what is harmful and what is deprecated, with what to use instead', async () => {
    await publish(t, author, variantOf(plain, { name: 'bad' }))
    await publish(t, author, variantOf(plain, { name: 'old' }))
    await t.deps
      .sql`update extensions set status = 'removed', taken_down_at = now(), malicious_at = now() where identifier = 'acme.bad'`
    await t.deps
      .sql`update extensions set deprecated_at = now(), deprecation_message = 'Use the other one.', replaced_by = 'acme.web'
      where identifier = 'acme.old'`
    const { forgetKillList } = await import('@devforge/server/modules/marketplace/service/kill-list')
    forgetKillList(t.deps)
    const response = await get('/vscode/control')
    const { displayName } = await askFor(t, 'acme.web')
    expect(await response.json()).toEqual({
      malicious: ['acme.bad'],
      deprecated: {
        'acme.old': {
          disallowInstall: false,
          extension: { id: 'acme.web', displayName },
          additionalInfo: 'Use the other one.',
        },
      },
      migrateToPreRelease: {},
      search: [],
    })
    const etag = response.headers.get('etag') ?? ''
    expect((await get('/vscode/control', { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  test('what is harmful is nowhere any more', async () => {
    expect((await ask(t, { criteria: byName('acme.bad') })).extensions).toEqual([])
    expect((await get('/vscode/gallery/vscode/acme/bad/latest')).status).toBe(404)
    expect((await get(`/vscode/asset/acme/bad/1.0.0/${VSIX}`)).status).toBe(404)
    expect((await get('/vscode/unpkg/acme/bad/1.0.0/extension/package.json')).status).toBe(404)
    expect((await get('/vscode/gallery/publishers/acme/vsextensions/bad/1.0.0/vspackage')).status).toBe(404)
  })
})
