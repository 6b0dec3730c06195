import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Marketplace, openMarketplace } from '../support/marketplace.ts'
import { signUp } from '../support/people.ts'
import { packVsix, variantOf } from '../support/vsix.ts'
import { unzip } from '../support/zip.ts'
import { buyExtension, onboard, setPrice } from './sales-support.ts'

// Each line of the protocol, as `ovsx` 1.3 and Theia were seen to use it.

interface Json {
  [name: string]: Json
}
interface Answer {
  status: number
  headers: Headers
  // Read member by member; what is not there fails the expectation.
  body: Json
  text: string
}

let t: TestApp
let m: Marketplace
let token: string
let ns: string

async function api(path: string, init: RequestInit & { token?: string } = {}): Promise<Answer> {
  const { token: bearer, headers, ...rest } = init
  const response = await t.fetch(path.startsWith('http') ? path : `${TEST_URL}/api${path}`, {
    ...rest,
    headers: {
      ...(headers as Record<string, string>),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
  })
  const text = await response.clone().text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : {}, text }
}

const publish = (vsix: Uint8Array<ArrayBuffer>, bearer = token) =>
  api('/-/publish', {
    method: 'POST',
    body: vsix,
    token: bearer,
    headers: { 'content-type': 'application/octet-stream' },
  })
const post = (path: string, body: unknown, bearer: string | undefined = token) =>
  api(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    ...(bearer === undefined ? {} : { token: bearer }),
  })
const pack = (options: Parameters<typeof packVsix>[0]) => packVsix({ publisher: ns, ...options })

beforeAll(async () => {
  t = await createTestApp()
  m = await openMarketplace(t)
  ns = m.publisher
  token = (await m.author.forge.auth.createApiToken({ name: 'CI', scopes: ['publish'] })).token
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

describe('before publishing', () => {
  test('the version lets ovsx keep tokens out of addresses', async () => {
    const { status, body } = await api('/version')
    expect(status).toBe(200)
    expect(body).toEqual({ version: '1.3.0', maxExtensionSize: t.deps.env.MAX_VSIX_BYTES })
  })

  test('a namespace is created once, and says where it is', async () => {
    const created = await post('/-/namespace/create', { name: 'Fresh-Namespace' })
    expect(created.status).toBe(201)
    expect(created.body).toEqual({ success: 'Created namespace Fresh-Namespace' })
    expect(created.headers.get('location')).toBe(`${TEST_URL}/api/Fresh-Namespace`)
    const there = await api('/fresh-namespace')
    expect(there.body).toMatchObject({
      name: 'Fresh-Namespace',
      extensions: {},
      verified: false,
      access: 'restricted',
    })
    for (const name of ['fresh-namespace', 'github', 'auth']) {
      const taken = await post('/-/namespace/create', { name })
      expect(taken.status, name).toBe(400)
      expect(taken.body.error).toMatch(/taken or reserved/)
    }
    for (const name of ['a_b', '', 'x'.repeat(65), 7, undefined]) {
      const bad = await post('/-/namespace/create', { name })
      expect([bad.status, typeof bad.body.error], String(name)).toEqual([400, 'string'])
    }
  })

  test('verify-pat tells a good token, a bad one, a stranger’s, and a namespace that is not', async () => {
    const verifyPat = (namespace: string, bearer?: string) =>
      api(`/${namespace}/verify-pat`, bearer === undefined ? {} : { token: bearer })
    expect(await verifyPat(ns, token)).toMatchObject({ status: 200, body: { success: 'Valid token' } })
    expect(await verifyPat(ns, 'bad-token')).toMatchObject({
      status: 400,
      body: { error: 'Invalid access token.' },
    })
    expect(await verifyPat(ns)).toMatchObject({ status: 400, body: { error: 'Invalid access token.' } })
    const stranger = await signUp(t)
    const theirs = await stranger.forge.auth.createApiToken({ name: 'x', scopes: ['publish'] })
    expect((await verifyPat(ns, theirs.token)).status).toBe(400)
    expect((await verifyPat('no-such-namespace', token)).status).toBe(404)
    // The scope matters, too.
    const reading = await m.author.forge.auth.createApiToken({ name: 'r', scopes: ['read'] })
    expect((await verifyPat(ns, reading.token)).status).toBe(400)
  })

  test('the token comes as Bearer, in a header of its own, or in the query of old CLIs, and is in no log', async () => {
    for (const init of [
      { headers: { authorization: `bearer ${token}` } },
      { headers: { 'x-openvsx-token': token } },
      { headers: { authorization: 'Basic dTpwdw==', 'x-openvsx-token': token } },
    ]) {
      expect((await api(`/${ns}/verify-pat`, init)).status).toBe(200)
    }
    expect((await api(`/${ns}/verify-pat?token=${token}`)).status).toBe(200)
    expect((await api(`/${ns}/verify-pat?token=nonsense`)).status).toBe(400)
    const log = await readFile(inject('suiteLog'), 'utf8')
    expect(log).toContain(`/api/${ns}/verify-pat`)
    expect(log).not.toContain(token)
  })

  test('the size limit is told before an upload, and a bad token with it', async () => {
    const limit = await api(`/-/size-limit?namespace=${ns}&extension=hello`, { token })
    expect(limit).toMatchObject({ status: 200, body: { maxSize: t.deps.env.MAX_VSIX_BYTES } })
    expect((await api('/-/size-limit?namespace=a&extension=b', { token: 'bad' })).status).toBe(401)
  })
})

test('who asks too often is told how long to wait, in the words of this door', async () => {
  const eager = await signUp(t)
  const bearer = (await eager.forge.auth.createApiToken({ name: 'x', scopes: ['publish'] })).token
  await Promise.all(Array.from({ length: 30 }, () => t.deps.limits.attempt('publisher:account', eager.id)))
  const refused = await post('/-/namespace/create', { name: 'one-too-many' }, bearer)
  expect([refused.status, typeof refused.body.error]).toEqual([429, 'string'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
})

describe('publishing', () => {
  test('a first extension is held, and its author told what happens next; then it is there', async () => {
    const vsix = await pack({ name: 'hello', version: '1.0.0' })
    const held = await publish(vsix)
    expect(held.status).toBe(201)
    expect(held.headers.get('location')).toBe(`${TEST_URL}/api/${ns}/hello/1.0.0`)
    expect(held.body).toMatchObject({ namespace: ns, name: 'hello', version: '1.0.0', active: false })
    expect(held.body.warning).toMatch(/is not public yet: a moderator looks at it first .*smn_/)
    expect((await api(`/${ns}/hello`)).status).toBe(404)
    // CI runs again and again: the same package is no error while it waits.
    expect(await publish(vsix)).toMatchObject({ status: 201, body: { warning: held.body.warning } })
    const submissionId = /smn_\w+/.exec(String(held.body.warning))?.[0] ?? ''
    await m.admin.forge.marketplace.approve({ submissionId })
    await t.drain()
    expect((await api(`/${ns}/hello`)).status).toBe(200)
  })

  test('the next is published at once; a repetition and other bytes are refused in the words that ovsx knows', async () => {
    const vsix = await pack({ name: 'hello', version: '1.1.0' })
    const published = await publish(vsix)
    expect(published.status).toBe(201)
    expect(published.headers.get('location')).toBe(`${TEST_URL}/api/${ns}/hello/1.1.0`)
    expect(published.body).toMatchObject({ namespace: ns, name: 'hello', version: '1.1.0' })
    expect(published.body.warning).toBeUndefined()
    const other = await pack({ name: 'hello', version: '1.1.0', files: { 'more.txt': 'more' } })
    for (const again of [vsix, other]) {
      const refused = await publish(again)
      expect(refused.status).toBe(400)
      expect(refused.body.error).toMatch(/1\.1\.0 is already published\.$/)
    }
  })

  test('two identical publishes at once: one is published, one is already published', async () => {
    const vsix = await pack({ name: 'hello', version: '1.1.1' })
    const answers = await Promise.all([publish(vsix), publish(vsix)])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400])
    expect(answers.find(({ status }) => status === 400)?.body.error).toMatch(/ is already published\.$/)
  })

  test('pre-releases and platforms', async () => {
    expect(
      (await publish(await pack({ name: 'hello', version: '1.2.0', preRelease: true }))).body,
    ).toMatchObject({
      preRelease: true,
      versionAlias: ['pre-release'],
    })
    for (const targetPlatform of ['linux-x64', 'win32-x64']) {
      const published = await publish(await pack({ name: 'plat', version: '1.0.0', targetPlatform }))
      expect(published.status).toBe(201)
      expect(published.body.targetPlatform).toBe(targetPlatform)
      expect(published.headers.get('location')).toBe(`${TEST_URL}/api/${ns}/plat/${targetPlatform}/1.0.0`)
    }
  })

  test('what is wrong is told by file and line; what is no package, what is too large, and who may not', async () => {
    const leaky = variantOf(await pack({ name: 'leaky' }), {
      files: { 'extension/extension.js': `\nconst t = 'ghp_${'a1B2'.repeat(9)}'\n` },
    })
    const bad = await publish(new Uint8Array(leaky))
    expect(bad.status).toBe(400)
    expect(bad.body.error).toMatch(/was rejected: [\s\S]*extension\.js:2: /)
    const junk = await publish(Buffer.from('this is no ZIP archive'))
    expect([junk.status, typeof junk.body.error]).toEqual([400, 'string'])
    const stranger = await signUp(t)
    const theirs = await stranger.forge.auth.createApiToken({ name: 'x', scopes: ['publish'] })
    const vsix = await pack({ name: 'hello', version: '9.0.0' })
    expect((await publish(vsix, theirs.token)).status).toBe(403)
    const reading = await m.author.forge.auth.createApiToken({ name: 'r', scopes: ['read'] })
    expect((await publish(vsix, reading.token)).status).toBe(403)
    expect((await publish(await packVsix({ publisher: 'nobody-ever' }))).status).toBe(403)
    expect(await publish(vsix, 'bad-token')).toMatchObject({
      status: 401,
      body: { error: 'Invalid access token.' },
    })
    const large = await api('/-/publish', {
      method: 'POST',
      token,
      body: 'x',
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(t.deps.env.MAX_VSIX_BYTES + 1),
      },
    })
    expect([large.status, typeof large.body.error]).toEqual([413, 'string'])
  })
})

describe('reading', () => {
  test('an extension is told with everything that ovsx and editors look at', async () => {
    const { status, body, headers } = await api(`/${ns.toUpperCase()}/HELLO`)
    expect(status).toBe(200)
    // Editors in browsers, of any origin.
    expect(headers.get('access-control-allow-origin')).toBe('*')
    const base = `${TEST_URL}/api/${ns}/hello/1.1.1`
    expect(body).toMatchObject({
      namespace: ns,
      name: 'hello',
      version: '1.1.1',
      targetPlatform: 'universal',
      displayName: 'Hello',
      description: 'Greets whoever opens the editor.',
      namespaceUrl: `${TEST_URL}/api/${ns}`,
      reviewsUrl: `${TEST_URL}/api/${ns}/hello/reviews`,
      publishedBy: { loginName: ns },
      verified: false,
      versionAlias: ['latest'],
      downloadCount: 0,
      reviewCount: 0,
      preRelease: false,
      engines: { vscode: '^1.80.0' },
      categories: ['Other'],
      license: 'MIT',
      dependencies: [],
      bundledExtensions: [],
      deprecated: false,
      downloadable: true,
      files: {
        download: `${base}/file/${ns}.hello-1.1.1.vsix`,
        manifest: `${base}/file/package.json`,
        icon: `${base}/file/icon.png`,
        signature: `${base}/file/${ns}.hello-1.1.1.sigzip`,
        sha256: `${base}/file/${ns}.hello-1.1.1.sha256`,
        publicKey: expect.stringContaining(`${TEST_URL}/api/-/public-key/package-`),
        readme: expect.stringContaining(`${base}/file/`),
        license: expect.stringContaining(`${base}/file/`),
        changelog: expect.stringContaining(`${base}/file/`),
      },
    })
    expect(body.averageRating).toBeUndefined()
    expect(Date.parse(String(body.timestamp))).toBeGreaterThan(0)
    expect(Object.entries(body.allVersions ?? {})).toEqual([
      ['latest', `${TEST_URL}/api/${ns}/hello/latest`],
      ['pre-release', `${TEST_URL}/api/${ns}/hello/pre-release`],
      ...['1.2.0', '1.1.1', '1.1.0', '1.0.0'].map((version) => [
        version,
        `${TEST_URL}/api/${ns}/hello/${version}`,
      ]),
    ])
    expect(body.downloads).toEqual({ universal: `${base}/file/${ns}.hello-1.1.1.vsix` })
  })

  test('by version, by alias, by platform; what runs everywhere serves every platform', async () => {
    const version = async (path: string) => {
      const { status, body } = await api(`/${ns}/${path}`)
      return status === 200 ? `${body.version}@${body.targetPlatform}` : status
    }
    expect(await version('hello/1.0.0')).toBe('1.0.0@universal')
    expect(await version('hello/latest')).toBe('1.1.1@universal')
    expect(await version('hello/pre-release')).toBe('1.2.0@universal')
    expect(await version('hello/universal/1.0.0')).toBe('1.0.0@universal')
    expect(await version('hello/linux-x64')).toBe('1.1.1@universal')
    expect(await version('plat/linux-x64')).toBe('1.0.0@linux-x64')
    expect(await version('plat/win32-x64/1.0.0')).toBe('1.0.0@win32-x64')
    expect(await version('plat')).toMatch(/^1\.0\.0@(?:linux|win32)-x64$/)
    for (const path of [
      'plat/darwin-x64',
      'hello/7.7.7',
      'nope',
      'hello/what',
      'hello/1.0.0/file',
      'a%2fb/c',
    ]) {
      const { status, body } = await api(`/${ns}/${path}`)
      expect([status, typeof body.error], path).toEqual([404, 'string'])
    }
  })

  test('the package, its digest, its signature and the key fit each other', async () => {
    const { body } = await api(`/${ns}/hello/1.0.0`)
    const files = body.files as unknown as Record<string, string>
    const fetched = async (url = '') => Buffer.from(await (await t.fetch(url)).arrayBuffer())
    const vsix = await fetched(files.download)
    expect(vsix.equals(Buffer.from(await pack({ name: 'hello', version: '1.0.0' })))).toBe(true)
    expect((await fetched(files.sha256)).toString()).toBe(createHash('sha256').update(vsix).digest('hex'))
    const signature = unzip(await fetched(files.signature)).get('.signature.sig') ?? Buffer.alloc(0)
    const key = createPublicKey((await fetched(files.publicKey)).toString())
    expect(verify(null, vsix, key, signature)).toBe(true)
    vsix[100] = (vsix[100] ?? 0) ^ 1
    expect(verify(null, vsix, key, signature)).toBe(false)
    expect(JSON.parse((await fetched(files.manifest)).toString())).toMatchObject({ name: 'hello' })
    expect((await api('/-/public-key/package-of-nobody')).status).toBe(404)
  })

  test('files come in ranges, with an ETag, as what they are, and never run in a browser', async () => {
    const url = `/${ns}/hello/1.0.0/file/${ns}.hello-1.0.0.vsix`
    const whole = await t.fetch(`${TEST_URL}/api${url}`)
    expect(whole.headers.get('content-disposition')).toContain(`${ns}.hello-1.0.0.vsix`)
    const etag = whole.headers.get('etag') ?? ''
    expect((await api(url, { headers: { 'if-none-match': etag } })).status).toBe(304)
    const part = await t.fetch(`${TEST_URL}/api${url}`, { headers: { range: 'bytes=0-3' } })
    expect([part.status, await part.text()]).toEqual([206, 'PK\u0003\u0004'])
    const head = await t.fetch(`${TEST_URL}/api${url}`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const readme = await api(`/${ns}/hello/1.0.0/file/readme.md`)
    expect(readme.headers.get('content-security-policy')).toContain('sandbox')
    expect(readme.headers.get('x-content-type-options')).toBe('nosniff')
    for (const name of ['nope.txt', '..%2f..%2fsecret', 'package.vsix', '%00', 'a'.repeat(300)]) {
      const { status } = await api(`/${ns}/hello/1.0.0/file/${name}`)
      expect([400, 404], name).toContain(status)
    }
  })

  test('a package of a platform is named with it', async () => {
    const { body } = await api(`/${ns}/plat/linux-x64`)
    const download = String(body.files?.download)
    expect(download).toBe(`${TEST_URL}/api/${ns}/plat/linux-x64/1.0.0/file/${ns}.plat-1.0.0@linux-x64.vsix`)
    expect((await t.fetch(download)).status).toBe(200)
    expect(Object.keys(body.downloads ?? {}).sort()).toEqual(['linux-x64', 'win32-x64'])
    expect((body.allVersions as unknown as Record<string, string>)['1.0.0']).toBe(
      `${TEST_URL}/api/${ns}/plat/linux-x64/1.0.0`,
    )
  })

  test('versions and version references, page by page, newest first', async () => {
    const page = await api(`/${ns}/hello/version-references?size=2&offset=1`)
    expect(page.body).toMatchObject({ offset: 1, totalSize: 4 })
    const versions = page.body.versions as unknown as Record<string, unknown>[]
    expect(versions.map(({ version, targetPlatform }) => [version, targetPlatform])).toEqual([
      ['1.1.1', 'universal'],
      ['1.1.0', 'universal'],
    ])
    expect(versions[0]).toMatchObject({
      url: `${TEST_URL}/api/${ns}/hello/1.1.1`,
      engines: { vscode: '^1.80.0' },
    })
    const platforms = await api(`/${ns}/plat/version-references`)
    expect(platforms.body.totalSize).toBe(2)
    expect((await api(`/${ns}/plat/linux-x64/version-references`)).body.totalSize).toBe(1)
    const all = await api(`/${ns}/hello/versions?size=3`)
    expect(Object.keys(all.body.versions ?? {})).toEqual(['latest', 'pre-release', '1.2.0'])
    expect((await api(`/${ns}/hello/versions?size=x`)).status).toBe(400)
  })

  test('a namespace lists its extensions', async () => {
    expect((await api(`/${ns}`)).body.extensions).toEqual({
      hello: `${TEST_URL}/api/${ns}/hello`,
      plat: `${TEST_URL}/api/${ns}/plat`,
    })
    const unknown = await api('/no-such-namespace')
    expect([unknown.status, unknown.body.error]).toEqual([404, 'Namespace not found: no-such-namespace'])
  })

  test('reviews, and the stars they come to', async () => {
    const [one, two] = await Promise.all([signUp(t, { name: 'Grace' }), signUp(t)])
    const id = `${ns}.hello`
    await one.forge.call('marketplace.review', 'mutation', {
      id,
      stars: 5,
      title: 'Fine',
      body: 'Greets well.',
    })
    await two.forge.call('marketplace.rate', 'mutation', { id, stars: 4 })
    const { body } = await api(`/${ns}/hello/reviews`)
    expect(body).toMatchObject({ averageRating: 4.5, reviewCount: 2 })
    expect(body.reviews).toMatchObject([
      { user: { loginName: 'Grace' }, title: 'Fine', comment: 'Greets well.', rating: 5 },
    ])
    expect((await api(`/${ns}/hello`)).body).toMatchObject({ averageRating: 4.5, reviewCount: 2 })
    expect((await api(`/${ns}/nope/reviews`)).status).toBe(404)
  })
})

describe('finding', () => {
  const versionsOf = (list: unknown) => (list as { version: string }[]).map(({ version }) => version)
  const found = (body: Json) => (body.extensions as unknown as Record<string, unknown>[]) ?? []

  test('search answers pages of short entries', async () => {
    const { body } = await api('/-/search?query=hello&size=20&offset=0')
    const entry = found(body).find(({ name, namespace }) => name === 'hello' && namespace === ns)
    expect(body).toMatchObject({ offset: 0, totalSize: expect.any(Number) })
    expect(entry).toMatchObject({
      url: `${TEST_URL}/api/${ns}/hello`,
      version: '1.1.1',
      averageRating: 4.5,
      downloadCount: expect.any(Number),
      displayName: 'Hello',
      files: { download: expect.stringContaining('.vsix') },
    })
    expect(entry?.allVersions).toBeUndefined()
    const page = await api('/-/search?query=hello&size=1&offset=1&sortBy=timestamp&sortOrder=asc')
    expect([found(page.body).length, page.body.offset]).toEqual([1, 1])
    expect(found((await api('/-/search?query=hello&category=Themes')).body)).toEqual([])
    const names = async (query: string) =>
      found((await api(`/-/search?${query}`)).body).map(({ name }) => name)
    expect((await names('targetPlatform=darwin-x64&sortBy=downloadCount')).sort()).toEqual(['hello'])
    expect((await names('targetPlatform=linux-x64&sortBy=rating')).sort()).toEqual(['hello', 'plat'])
    for (const bad of ['size=-1', 'size=1000', 'sortBy=magic', 'sortOrder=up', 'offset=abc', 'query=%00']) {
      expect((await api(`/-/search?${bad}`)).status, bad).toBe(400)
    }
  })

  test('Theia searches with all versions, and asks the second query API for what it installs', async () => {
    const search = await api('/-/search?query=hello&size=5&offset=0&includeAllVersions=true')
    const entry = found(search.body).find(({ name }) => name === 'hello')
    expect(versionsOf(entry?.allVersions)).toEqual(['1.2.0', '1.1.1', '1.1.0', '1.0.0'])
    const all = await api(`/v2/-/query?extensionId=${ns}.hello&includeAllVersions=true`)
    expect(all.body).toMatchObject({ offset: 0, totalSize: 4 })
    expect(found(all.body).map(({ version }) => version)).toEqual(['1.2.0', '1.1.1', '1.1.0', '1.0.0'])
    expect(found(all.body)[0]).toMatchObject({ files: { download: expect.any(String) } })
    expect(found(all.body)[0]?.allVersions).toBeUndefined()
    const links = await api(`/v2/-/query?extensionId=${ns}.hello&includeAllVersions=links`)
    expect(Object.keys(found(links.body)[0]?.allVersions ?? {})).toContain('1.0.0')
    const linux = await api(`/v2/-/query?namespaceName=${ns}&extensionName=hello&targetPlatform=linux-x64`)
    expect(found(linux.body)).toMatchObject([{ version: '1.1.1', targetPlatform: 'universal' }])
    const platforms = await api(`/v2/-/query?extensionId=${ns}.plat`)
    expect(found(platforms.body)).toHaveLength(2)
  })

  test('the first query API, by query or body', async () => {
    const one = await api(`/-/query?extensionId=${ns.toUpperCase()}.Hello&extensionVersion=1.0.0`)
    expect(found(one.body)).toMatchObject([{ name: 'hello', version: '1.0.0' }])
    const posted = await post('/-/query', { namespaceName: ns, includeAllVersions: true }, undefined)
    expect(found(posted.body)).toHaveLength(6)
    const [row] = await t.deps.sql`select uuid from extensions where identifier = ${`${ns}.hello`}`
    expect(found((await api(`/-/query?extensionUuid=${row?.uuid}`)).body)).toHaveLength(1)
    expect(found((await api('/-/query?extensionId=no.such')).body)).toEqual([])
    for (const bad of ['', '?extensionUuid=x', '?extensionId=a.b&includeAllVersions=maybe']) {
      expect((await api(`/-/query${bad}`)).status, bad).toBe(400)
    }
  })
})

describe('what is paid, withdrawn or removed', () => {
  test('a paid package is told, but given to those who bought it only', async () => {
    await m.publish({ name: 'paid' })
    const [row] = await t.deps.sql`
      select e.id, e.publisher_id from extensions e where e.identifier = ${`${ns}.paid`}`
    const shop = {
      owner: m.author,
      publisher: ns,
      publisherId: String(row?.publisher_id),
      id: `${ns}.paid`,
      extensionId: String(row?.id),
    }
    await onboard(t, shop)
    await setPrice(shop, 1_999)
    await t.drain()
    const buyer = await signUp(t)
    await buyExtension(t, buyer, shop.id)
    const theirs = (await buyer.forge.auth.createApiToken({ name: 'get', scopes: ['read'] })).token
    const other = await signUp(t)
    const stranger = (await other.forge.auth.createApiToken({ name: 'get', scopes: ['read'] })).token

    const url = `/${ns}/paid/1.0.0/file/${ns}.paid-1.0.0.vsix`
    for (const init of [{}, { token: stranger }, { token: 'bad-token' }]) {
      const { status, body } = await api(`/${ns}/paid`, init)
      expect([status, body.downloadable, body.files?.download]).toEqual([200, false, undefined])
      expect(body.downloads).toBeUndefined()
      const refused = await api(url, init)
      expect([refused.status, refused.body.error]).toEqual([403, expect.stringContaining('paid')])
      expect(JSON.stringify((await api('/-/search?query=paid', init)).body)).not.toContain(`${ns}.paid`)
      expect((await api(`/v2/-/query?extensionId=${ns}.paid`, init)).body.totalSize).toBe(0)
    }
    const bought = await api(`/${ns}/paid`, { token: theirs })
    expect(bought.body).toMatchObject({ downloadable: true, files: { download: `${TEST_URL}/api${url}` } })
    const given = await api(url, { token: theirs })
    expect([given.status, given.headers.get('cache-control')]).toEqual([200, 'private, no-store'])
    expect((await api(`/v2/-/query?extensionId=${ns}.paid`, { token: theirs })).body.totalSize).toBe(1)
  })

  test('a yanked version is in no list, and still there for whoever asks for exactly it', async () => {
    await m.author.forge.call('marketplace.yank', 'mutation', {
      id: `${ns}.hello`,
      version: '1.1.1',
      reason: 'greets too loud',
    })
    const { body } = await api(`/${ns}/hello`)
    expect(body.version).toBe('1.1.0')
    expect(Object.keys(body.allVersions ?? {})).not.toContain('1.1.1')
    expect(await api(`/${ns}/hello/1.1.1`)).toMatchObject({ status: 200, body: { active: false } })
  })

  test('unpublish removes for good: one platform, one version, all', async () => {
    const remove = (name: string, body: unknown, bearer = token) =>
      post(`/${ns}/${name}/delete`, body, bearer)
    const stranger = await signUp(t)
    const theirs = (await stranger.forge.auth.createApiToken({ name: 'x', scopes: ['publish'] })).token
    expect((await remove('hello', [{ version: '1.0.0' }], theirs)).status).toBe(404)
    expect((await remove('hello', [{ version: '1.0.0' }], 'bad')).status).toBe(401)
    expect((await remove('hello', [])).status).toBe(400)
    expect((await remove('hello', [{ version: '6.6.6' }])).status).toBe(404)
    // All of it or nothing.
    expect((await remove('hello', [{ version: '1.0.0' }, { version: '6.6.6' }])).status).toBe(404)
    expect((await api(`/${ns}/hello/1.0.0`)).status).toBe(200)

    const one = await remove('plat', [{ version: '1.0.0', targetPlatform: 'win32-x64' }])
    expect(one).toMatchObject({ status: 200, body: { success: `Deleted ${ns}.plat v1.0.0@win32-x64` } })
    expect((await api(`/${ns}/plat/win32-x64`)).status).toBe(404)
    expect((await api(`/${ns}/plat/linux-x64`)).status).toBe(200)

    expect((await remove('hello', [{ version: '1.0.0' }])).status).toBe(200)
    expect((await api(`/${ns}/hello/1.0.0`)).status).toBe(404)
    const again = await publish(await pack({ name: 'hello', version: '1.0.0' }))
    expect(again.status).toBe(400)

    const all = await api(`/${ns}/hello/delete?allVersions=true`, { method: 'POST', token })
    expect(all.status).toBe(200)
    expect(String(all.body.success).split('\n')).toHaveLength(3)
    expect((await api(`/${ns}/hello`)).status).toBe(404)
    expect((await api(`/${ns}/hello/1.1.0/file/${ns}.hello-1.1.0.vsix`)).status).toBe(404)
    const listed = await api('/-/search?query=hello')
    expect(JSON.stringify(listed.body)).not.toContain(`/api/${ns}/hello"`)
    // The extension stays its publisher's: a new version may come.
    expect((await publish(await pack({ name: 'hello', version: '2.0.0' }))).status).toBe(201)
  })

  test('nothing of a removed publisher is left, and a publish that races its removal is refused', async () => {
    const owner = await openMarketplace(t)
    const ci = (await owner.author.forge.auth.createApiToken({ name: 'CI', scopes: ['publish'] })).token
    await owner.publish({ name: 'gone' })
    const vsixes = await Promise.all(
      [1, 2, 3, 4].map((minor) =>
        packVsix({ publisher: owner.publisher, name: 'gone', version: `1.${minor}.0` }),
      ),
    )
    const [, ...answers] = await Promise.all([
      owner.author.forge.call('marketplace.removePublisher', 'mutation', {
        publisher: owner.publisher,
        reason: 'gone fishing',
      }),
      ...vsixes.map((vsix) => publish(vsix, ci)),
    ])
    for (const { status } of answers) expect([201, 400, 403]).toContain(status)
    await t.drain()
    for (const path of ['', '/gone', '/gone/1.0.0', '/gone/1.1.0', '/gone/1.4.0']) {
      expect((await api(`/${owner.publisher}${path}`)).status, path).toBe(404)
    }
    const left = await t.deps.sql`
      select v.version from extension_versions v join extensions e on e.id = v.extension_id
      where e.identifier = ${`${owner.publisher}.gone`} and v.status = 'published'`
    expect(left).toEqual([])
    const open = await t.deps.sql`
      select status from submissions where identifier = ${`${owner.publisher}.gone`}
      and status not in ('rejected', 'published')`
    expect(open).toEqual([])
    expect((await publish(vsixes[0] ?? Buffer.alloc(0), ci)).status).toBe(403)
  })
})

test('neighbours of the door are not its own', async () => {
  expect((await api('/v1/marketplace/publishers/nobody-ever')).body).toMatchObject({
    error: { code: 'PUBLISHER_NOT_FOUND' },
  })
  expect((await api('/v1/nope')).status).toBe(404)
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/-/nope'],
    ['DELETE', `/${ns}`],
    ['PUT', `/${ns}/hello`],
    ['POST', '/version'],
  ] as const) {
    const { status, body } = await api(path, { method })
    expect([404, 405], `${method} ${path}`).toContain(status)
    expect(typeof body.error).toBe('string')
  }
})
