import { forgetKillList } from '@devforge/server/modules/marketplace/service/kill-list'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Author, createAuthor, publish } from '../support/catalog.ts'
import { packVsix, variantOf } from '../support/vsix.ts'
import { createEditor, type Editor, startGallery } from './editor.ts'

let gallery: Awaited<ReturnType<typeof startGallery>>
let author: Author
let hello: Uint8Array
const editors: Editor[] = []

async function freshEditor(): Promise<Editor> {
  const editor = await createEditor(gallery.url)
  editors.push(editor)
  return editor
}

/** The platform that the editor of this machine asks for. */
const PLATFORM = `${process.platform}-${process.arch}`
const OTHER_PLATFORM = PLATFORM === 'darwin-arm64' ? 'linux-x64' : 'darwin-arm64'

beforeAll(async () => {
  gallery = await startGallery()
  author = await createAuthor(gallery, 'acme')
  hello = await packVsix({ publisher: 'acme', name: 'hello', version: '1.0.0' })
  await publish(gallery, author, hello)
  await publish(gallery, author, variantOf(hello, { version: '1.1.0' }))
  await publish(gallery, author, variantOf(hello, { version: '1.2.0', preRelease: true }))
  for (const targetPlatform of [PLATFORM, OTHER_PLATFORM])
    await publish(gallery, author, variantOf(hello, { name: 'native', targetPlatform }))
  await publish(gallery, author, variantOf(hello, { name: 'elsewhere', targetPlatform: OTHER_PLATFORM }))
  await publish(
    gallery,
    author,
    variantOf(hello, { name: 'pack', manifest: { extensionPack: ['acme.hello', 'acme.native'] } }),
  )
})
afterAll(async () => {
  for (const editor of editors) await editor[Symbol.asyncDispose]()
  await gallery[Symbol.asyncDispose]()
})

/** What editors did, as this server counted it. */
async function counted(name: string): Promise<string[]> {
  await gallery.deps.usage.flush()
  const rows = await gallery.deps.sql<{ kind: string; version: string; platform: string }[]>`
    select u.kind::text as kind, u.version, u.target_platform as platform from usage_events u
    join extensions e on e.id = u.extension_id where e.identifier = ${name} order by u.sequence`
  return rows.map(({ kind, version, platform }) => `${kind} ${version} ${platform}`)
}

describe('code-server on the command line', () => {
  test('installs the newest stable version, lists, and uninstalls it', async () => {
    const editor = await freshEditor()
    const { code, output } = await editor.run('--install-extension', 'acme.hello')
    expect([code, output]).toEqual([0, expect.stringContaining('v1.1.0 was successfully installed')])
    expect(await editor.installed()).toEqual(['acme.hello@1.1.0'])
    expect(await counted('acme.hello')).toEqual(['install 1.1.0 universal'])
    expect((await editor.run('--uninstall-extension', 'acme.hello')).code).toBe(0)
    expect(await editor.installed()).toEqual([])
    expect(await counted('acme.hello')).toContain('uninstall 1.1.0 universal')
  })

  test('installs a version by its number, and updates it', async () => {
    const editor = await freshEditor()
    await editor.run('--install-extension', 'acme.hello@1.0.0')
    expect(await editor.installed()).toEqual(['acme.hello@1.0.0'])
    // Pinned by its number; without that, an update takes it.
    await publish(gallery, author, variantOf(hello, { name: 'growing', version: '1.0.0' }))
    await editor.run('--install-extension', 'acme.growing')
    await publish(gallery, author, variantOf(hello, { name: 'growing', version: '2.0.0' }))
    const { output } = await editor.run('--update-extensions')
    expect(output).toContain('acme.growing')
    expect(await editor.installed()).toContain('acme.growing@2.0.0')
    expect(await counted('acme.growing')).toContain('update 2.0.0 universal')
  })

  test('installs a pre-release when asked to', async () => {
    const editor = await freshEditor()
    await editor.run('--install-extension', 'acme.hello', '--pre-release')
    expect(await editor.installed()).toEqual(['acme.hello@1.2.0'])
  })

  test('installs the package of its platform, and none of another', async () => {
    const editor = await freshEditor()
    await editor.run('--install-extension', 'acme.native')
    expect(await editor.installed()).toEqual(['acme.native@1.0.0'])
    expect(await counted('acme.native')).toEqual([`install 1.0.0 ${PLATFORM}`])
    const { code } = await editor.run('--install-extension', 'acme.elsewhere')
    expect(code).toBe(1)
    expect(await editor.installed()).toEqual(['acme.native@1.0.0'])
  })

  test('installs a pack with its members', async () => {
    const editor = await freshEditor()
    await editor.run('--install-extension', 'acme.pack')
    expect(await editor.installed()).toEqual(['acme.hello@1.1.0', 'acme.native@1.0.0', 'acme.pack@1.0.0'])
  })

  test('finds nothing that is not there', async () => {
    const editor = await freshEditor()
    const { code, output } = await editor.run('--install-extension', 'acme.nothing')
    expect([code, output]).toEqual([1, expect.stringMatching(/not found/i)])
  })

  test('does not install what was taken down as harmful', async () => {
    const editor = await freshEditor()
    await publish(gallery, author, variantOf(hello, { name: 'bad' }))
    await gallery.deps
      .sql`update extensions set status = 'removed', taken_down_at = now(), malicious_at = now()
      where identifier = 'acme.bad'`
    forgetKillList(gallery.deps)
    expect((await editor.run('--install-extension', 'acme.bad')).code).toBe(1)
    expect(await editor.installed()).toEqual([])
  })
})
