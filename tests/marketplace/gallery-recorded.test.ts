import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Author, createAuthor, publish } from '../support/catalog.ts'
import type { ToldResult } from '../support/gallery.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

interface Recorded {
  method: string
  path: string
  headers: Record<string, string>
  body?: string
  status: number
}
type Recording = Record<
  'install' | 'installPlatform' | 'installPack' | 'update' | 'uninstall' | 'browser' | 'vsce',
  Recorded[]
>

const recorded: Recording = JSON.parse(
  await readFile(new URL('./recorded/requests.json', import.meta.url), 'utf8'),
)
/** The uuid that the recorded editor had learned for hello-world. */
const RECORDED_UUID = '37bd905f-e1f6-2e2c-8e69-30e3ce0f0a43'

let t: TestApp
let author: Author

beforeAll(async () => {
  t = await createTestApp()
  author = await createAuthor(t, 'feaspub')
  const hello = await packVsix({ publisher: 'feaspub', name: 'hello-world', version: '0.0.1' })
  const helloId = await publish(t, author, hello)
  await t.deps.sql`update extensions set uuid = ${RECORDED_UUID} where id = ${helloId}`
  await publish(t, author, variantOf(hello, { version: '0.0.2' }))
  await publish(t, author, variantOf(hello, { version: '0.1.0', preRelease: true }))
  for (const targetPlatform of ['linux-x64', 'darwin-arm64'])
    await publish(t, author, variantOf(hello, { name: 'plat', version: '1.0.0', targetPlatform }))
  for (const name of ['webby', 'webonly'])
    await publish(t, author, variantOf(hello, { name, version: '1.0.0' }))
  const members = ['feaspub.hello-world', 'feaspub.plat']
  await publish(
    t,
    author,
    variantOf(hello, { name: 'packer', version: '1.0.0', manifest: { extensionPack: members } }),
  )
})
afterAll(() => t[Symbol.asyncDispose]())

const send = ({ method, path, headers, body }: Recorded): Promise<Response> =>
  t.fetch(`${TEST_URL}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })

async function resultOf(request: Recorded | undefined): Promise<ToldResult> {
  if (!request) throw new Error('no such recorded request')
  const { results } = (await (await send(request)).json()) as { results: ToldResult[] }
  const [result] = results
  if (!result) throw new Error('no result')
  return result
}

describe('clients as they were recorded', () => {
  test.each(Object.keys(recorded) as (keyof Recording)[])('%s: every request is answered', async (name) => {
    for (const request of recorded[name]) {
      const response = await send(request)
      // The recording server did not have `latest`; the editor knows both answers.
      const expected = request.path.endsWith('/latest') ? 200 : request.status
      expect([request.method, request.path, response.status]).toEqual([
        request.method,
        request.path,
        expected,
      ])
      await response.arrayBuffer()
    }
  })

  test('install: the query names the version whose assets were fetched next', async () => {
    const { extensions } = await resultOf(recorded.installPlatform[0])
    const version = extensions[0]?.versions.find(({ targetPlatform }) => targetPlatform === 'linux-x64')
    const [, manifest, , vsix] = recorded.installPlatform
    const address = `${version?.assetUri}/Microsoft.VisualStudio.Code.Manifest?targetPlatform=${version?.targetPlatform}`
    expect(address).toBe(`${TEST_URL}${manifest?.path}`)
    expect(`${TEST_URL}${vsix?.path}`.startsWith(`${version?.fallbackAssetUri}/`)).toBe(true)
  })

  test('a pack: one query with all its members', async () => {
    const { extensions } = await resultOf(recorded.installPack[3])
    expect(extensions.map(({ extensionName }) => extensionName)).toEqual(['hello-world', 'plat'])
  })

  test('the fallback for pre-releases: all versions, asked for by uuid', async () => {
    const { extensions } = await resultOf(recorded.installPack[4])
    expect(extensions[0]?.versions.map(({ version }) => version)).toEqual(['0.1.0', '0.0.2', '0.0.1'])
  })

  test('a browser may read answers, and pictures as pictures', async () => {
    for (const request of recorded.browser) {
      const { headers } = await send(request)
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
      const asked = request.headers['access-control-request-headers']?.split(',') ?? []
      const allowed = headers.get('access-control-allow-headers')?.split(', ') ?? []
      expect(asked.filter((name) => !allowed.includes(name))).toEqual([])
    }
  })

  test('vsce search and show: what they print is there', async () => {
    const found = await resultOf(recorded.vsce[0])
    expect(found.extensions.map(({ extensionName }) => extensionName)).toContain('hello-world')
    const { extensions } = await resultOf(recorded.vsce[1])
    expect(extensions[0]).toMatchObject({
      extensionName: 'hello-world',
      publisher: { publisherName: 'feaspub' },
      categories: ['Other'],
    })
    expect(extensions[0]?.versions[0]?.version).toBe('0.1.0')
    expect(extensions[0]?.statistics.map(({ statisticName }) => statisticName)).toContain('install')
  })

  test('what editors did is counted, once each', async () => {
    await t.deps.usage.flush()
    const rows = await t.deps.sql<{ kind: string; version: string }[]>`
      select distinct u.kind::text as kind, u.version from usage_events u join extensions e on e.id = u.extension_id
      where e.identifier = 'feaspub.hello-world' order by 1, 2`
    expect([...rows]).toEqual([
      { kind: 'install', version: '0.0.1' },
      { kind: 'install', version: '0.0.2' },
      { kind: 'uninstall', version: '0.0.2' },
      { kind: 'update', version: '0.0.2' },
    ])
  })
})
