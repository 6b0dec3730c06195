import { renderMarkdown } from '@devforge/server/markdown/render'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TEST_URL } from '../support/app.ts'
import { openBrowser, poke, watchPage } from '../support/browser.ts'
import { XSS_CORPUS } from '../support/xss.ts'

describe('what a text may show', () => {
  it('links say that we do not speak for them', () => {
    for (const text of [
      '[a](https://a.example)',
      'https://a.example',
      '<a href="http://a.example" target=_top>a</a>',
    ])
      expect(renderMarkdown(text)).toMatch(
        /<a href="https?:\/\/a\.example" rel="nofollow ugc noopener noreferrer">/,
      )
  })

  it('pictures come over https or from this server', () => {
    expect(renderMarkdown('![a](https://a.example/a.png)')).toContain('src="https://a.example/a.png"')
    expect(renderMarkdown('![a](/files/a.png)')).toContain('src="/files/a.png"')
    for (const text of [
      '![a](http://a.example/a.png)',
      '![a](a.png)',
      '![a](data:image/png;base64,AA==)',
      '![a](#a)',
    ])
      expect(renderMarkdown(text)).not.toContain('<img')
  })

  it('a path of ours is one, whatever browsers make of backslashes and tabs', () => {
    expect(renderMarkdown('[a](/help/proxy?q=1#b)')).toContain('href="/help/proxy?q=1#b"')
    for (const path of ['/\\evil.example', '/&#9;/evil.example', '/..//evil.example', '//evil.example'])
      expect(renderMarkdown(`<a href="${path}">a</a>`)).not.toMatch(/href="\/[^"]*evil\.example/)
    expect(renderMarkdown('[a](/help/proxy)', { ownPaths: false })).not.toContain('href')
  })

  it('headings come below those of the page', () => {
    expect(renderMarkdown('# a\n\n## b')).toBe('<h3>a</h3>\n<h4>b</h4>\n')
    expect(renderMarkdown('# a\n\n## b', { headings: 'page' })).toBe('<h2>a</h2>\n<h2>b</h2>\n')
  })

  it('sections are linked where there are any', () => {
    expect(renderMarkdown('[a](#b)')).not.toContain('href')
    expect(renderMarkdown('[a](#b)', { sectionPrefix: 'section-' })).toContain('href="#section-b"')
  })
})

/** What a parser of the browser made of it. */
const SEEN = `(() => {
  const all = [...document.querySelectorAll('main *')]
  const sorted = (values) => [...new Set(values)].sort()
  return {
    tags: sorted(all.map((element) => element.localName)),
    attributes: sorted(all.flatMap((element) => element.getAttributeNames())),
    protocols: sorted(all.flatMap(({ href, src }) => [href, src]).filter(Boolean).map((url) => new URL(url).protocol)),
  }
})()`

describe('in a browser', () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())

  /** Without any policy: what is seen is the sanitizer's work alone. */
  async function show(html: string) {
    const watched = await watchPage(
      browser,
      async () =>
        new Response(`<!doctype html><main>${html}</main>`, { headers: { 'content-type': 'text/html' } }),
    )
    await watched.page.goto(`${TEST_URL}/`)
    await poke(watched.page)
    return watched
  }

  it('the watch sees what runs', async () => {
    for (const html of [
      '<img src=x onerror=alert(1)>',
      '<script>alert(1)</script>',
      '<a href="javascript:alert(1)">x</a>',
    ]) {
      const { hits, page } = await show(html)
      expect(hits).toEqual(['alert'])
      await page.context().close()
    }
  })

  it('nothing of the corpus runs, or loads anything but pictures', async () => {
    // One page for all, and one in which each is whole by itself, so that none hides behind another.
    const rendered = XSS_CORPUS.map((text) => renderMarkdown(text))
    const together = await show(renderMarkdown(XSS_CORPUS.join('\n\n')))
    const apart = await show(rendered.map((html) => `<div>${html}</div>`).join('\n'))
    const listed = await show(
      renderMarkdown(XSS_CORPUS.map((text) => `- ${text.replaceAll('\n', '\n  ')}`).join('\n')),
    )
    for (const { hits, strangers } of [together, apart, listed]) {
      expect(hits).toEqual([])
      expect(strangers.filter((url) => !url.startsWith('https://ok.example/'))).toEqual([])
    }
    const seen: unknown = await apart.page.evaluate(SEEN)
    expect(seen).toMatchObject({
      protocols: expect.not.arrayContaining(['javascript:', 'data:', 'vbscript:']),
    })
    expect(seen).toMatchObject({
      attributes: ['align', 'alt', 'href', 'loading', 'open', 'rel', 'src', 'title'].filter((name) =>
        JSON.stringify(seen).includes(`"${name}"`),
      ),
    })
    expect(JSON.stringify(seen)).not.toMatch(
      /"(?:script|style|iframe|form|button|input|svg|object|embed|base|math|link|meta|template|noscript)"/,
    )
  })
})
