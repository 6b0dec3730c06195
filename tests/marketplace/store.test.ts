import { indexExtension } from '@devforge/server/modules/marketplace/service/search/index-extension'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Author, createAuthor, publish } from '../support/catalog.ts'
import { placeExtension, placePublisher } from '../support/extensions.ts'
import { signUp } from '../support/people.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

let t: TestApp
let author: Author
let plain: Uint8Array

/** What a README must not bring onto our page. */
const NASTY = [
  '# Shiny',
  '<script>alert(1)</script><style>body{display:none}</style>',
  '<img src=x onerror="alert(2)"> <img src="data:image/svg+xml,<svg onload=alert(3)>"> <a href="data:text/html,x">d</a>',
  '[click](javascript:alert(4)) [also](JaVaScRiPt:alert(5)) <a href="vbscript:x" onclick="alert(6)">x</a>',
  '<iframe src="https://evil.example"></iframe><form action="https://evil.example"><input name=password></form>',
  '<svg><script>alert(7)</script></svg><math><mtext></mtext></math><object data="x"></object><base href="https://evil.example">',
  '<div id="content" class="banner" style="position:fixed">overlay</div>',
  '![over http](http://pictures.example/a.png) ![over https](https://pictures.example/b.png) [docs](docs/guide.md) ![ours](media/c.png)',
].join('\n\n')

beforeAll(async () => {
  t = await createTestApp()
  author = await createAuthor(t, 'acme')
  plain = variantOf(await packVsix({ publisher: 'acme', name: 'plain' }), {
    manifest: { displayName: 'Plain <b>Tools</b>', description: 'Tools & "more"', keywords: ['handy'] },
  })
  await publish(t, author, plain)
})
afterAll(() => t[Symbol.asyncDispose]())

const open = async (path: string) => {
  const response = await t.fetch(`${TEST_URL}${path}`, { headers: { accept: 'text/html' } })
  return { status: response.status, headers: response.headers, text: await response.text() }
}
const item = (name: string) => open(`/vscode/item?itemName=${name}`)

describe('the page of an extension', () => {
  test('shows what it is, who made it, how to have it, and its versions', async () => {
    await t.deps
      .sql`update publishers set domain = 'acme.example', domain_verified_at = now() where name_key = 'acme'`
    await t.deps.sql`update extensions set installs = 12345 where identifier = 'acme.plain'`
    const { status, text } = await item('Acme.Plain')
    expect(status).toBe(200)
    for (const part of [
      'Plain &lt;b&gt;Tools&lt;/b&gt;',
      'Tools &amp; &quot;more&quot;',
      'acme inc.',
      '✓ acme.example',
      '12,345 installs',
      'ext install acme.plain',
      'Greets whoever opens the editor.',
      'First release.',
      'MIT',
      'https://github.com/acme/hello',
      'not rated yet',
      '^1.80.0',
    ])
      expect(text).toContain(part)
    expect(text).toMatch(/<html lang="en">.*<h1>.*<main|<main.*<h1>/s)
    const icon = /<img class="icon" src="([^"]+)" alt=""/.exec(text)?.[1] ?? ''
    expect((await t.fetch(`${TEST_URL}${icon}`)).headers.get('content-type')).toBe('image/png')
    const download = /<a href="([^"]+vspackage)"/.exec(text)?.[1] ?? ''
    expect((await t.fetch(`${TEST_URL}${download}`)).status).toBe(200)
  })

  test('runs no script, is in no frame, and loads only pictures', async () => {
    const { headers } = await item('acme.plain')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toMatch(/style-src 'sha256-/)
    expect(policy).not.toMatch(/script-src|unsafe-inline/)
  })

  test('a README brings nothing along that acts or poses', async () => {
    await publish(t, author, variantOf(plain, { name: 'nasty', files: { 'extension/readme.md': NASTY } }))
    const { text } = await item('acme.nasty')
    const readme = /<div class="readme">(.*?)<\/section>/s.exec(text)?.[1] ?? ''
    expect(readme).toContain('Shiny')
    expect(readme).toContain('overlay')
    expect(readme).not.toMatch(
      /<script|<style|<iframe|<form|<input|<svg|<object|<base|<math|\son\w+=|javascript:|vbscript:|data:|\sstyle=|\sclass=|\sid=|<h1|http:\/\/pictures/i,
    )
    expect(readme).toContain('https://pictures.example/b.png')
    expect(readme).toContain('href="https://github.com/acme/hello/blob/HEAD/docs/guide.md"')
    expect(readme).toContain('src="https://github.com/acme/hello/raw/HEAD/media/c.png"')
    for (const [link] of readme.matchAll(/<a href[^>]*>/g))
      expect(link).toContain('rel="nofollow ugc noopener noreferrer"')
  })

  test('reviews, deprecation and price are told', async () => {
    await publish(t, author, variantOf(plain, { name: 'told' }))
    const reader = await signUp(t, { name: 'Grace Hopper' })
    await reader.forge.call('marketplace.rate', 'mutation', { id: 'acme.told', stars: 4 })
    await reader.forge.call('marketplace.review', 'mutation', {
      id: 'acme.told',
      stars: 4,
      title: 'Good <i>tools</i>',
      body: 'They work.',
    })
    await t.deps
      .sql`update extensions set deprecated_at = now(), deprecation_message = 'Old.', replaced_by = 'acme.plain' where identifier = 'acme.told'`
    const { text } = await item('acme.told')
    for (const part of [
      'Good &lt;i&gt;tools&lt;/i&gt;',
      'They work.',
      '4 of 5 stars',
      'This extension is deprecated.',
      'href="/vscode/item?itemName=acme.plain"',
    ])
      expect(text).toContain(part)
    await t.deps.sql`update extensions set paid = true where identifier = 'acme.told'`
    const paid = await item('acme.told')
    expect(paid.text).toContain('<strong>Buy</strong>')
    expect(paid.text).not.toContain('vspackage')
  })

  test('what is gone says why; what never was is not found', async () => {
    const id = await publish(t, author, variantOf(plain, { name: 'gone' }))
    await t.deps
      .sql`update extensions set status = 'removed', taken_down_at = now(), malicious_at = now() where id = ${id}`
    await indexExtension(t.deps.db, id, t.clock.now())
    const gone = await item('acme.gone')
    expect([gone.status, gone.text.includes('harmful')]).toEqual([410, true])
    for (const name of ['acme.nothing', '', '%3Cscript%3E', '%00', 'x'.repeat(5000)]) {
      const { status, text } = await item(name)
      expect([name.slice(0, 20), status]).toEqual([name.slice(0, 20), 404])
      expect(text).not.toContain('<script')
    }
  })
})

describe('the search', () => {
  test('finds, shows cards, and repeats what was asked without believing it', async () => {
    const { status, text } = await open(`/vscode/search?q=${encodeURIComponent('handy')}`)
    expect(status).toBe(200)
    expect(text).toContain('/vscode/item?itemName=acme.plain')
    const odd = await open(
      `/vscode/search?q=${encodeURIComponent('"><script>alert(1)</script>')}&sort=constructor&page=-3`,
    )
    expect([odd.status, odd.text.includes('<script>')]).toEqual([200, false])
    expect((await open('/vscode/search?q=%00%ff&page=99999999999')).status).toBe(200)
  })

  test('without words: the catalog, page by page', async () => {
    const owner = await signUp(t)
    const publisher = await placePublisher(t, owner)
    for (let i = 0; i < 24; i++) {
      const { rowId } = await placeExtension(t, { owner, publisher, name: `n${i}` })
      await indexExtension(t.deps.db, rowId, t.clock.now())
    }
    const first = await open('/vscode/search?sort=name')
    expect(first.text.match(/itemName=/g)).toHaveLength(24)
    expect(first.text).toContain('rel="next"')
    const second = await open('/vscode/search?sort=name&page=2')
    expect(second.text).toContain('rel="prev"')
    expect(second.text).not.toContain('rel="next"')
  })
})
