import { seedKnowledge } from '@devforge/server/sandbox/knowledge'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { openBrowser, poke, watchPage } from '../support/browser.ts'
import { published } from '../support/knowledge.ts'
import { type Person, signUp } from '../support/people.ts'
import { XSS_CORPUS } from '../support/xss.ts'

let t: TestApp
let agent: Person
let browser: Awaited<ReturnType<typeof openBrowser>>
beforeAll(async () => {
  t = await createTestApp()
  agent = await signUp(t, { role: 'agent' })
  await seedKnowledge(t.deps, { writerEmail: agent.email })
  browser = await openBrowser()
})
afterAll(async () => {
  await browser.close()
  await t[Symbol.asyncDispose]()
})

const get = (path: string, headers: Record<string, string> = {}) => t.fetch(`${TEST_URL}${path}`, { headers })
const text = async (path: string, headers: Record<string, string> = {}) => (await get(path, headers)).text()

describe('pages', () => {
  test('the start shows topics with counts and what helped most; a new server says that there is nothing yet', async () => {
    const page = await text('/help')
    expect(page).toContain('href="/help/search?category=Licenses"')
    expect(page).toMatch(/href="\/help\/[a-z-]+"/)
    await using empty = await createTestApp()
    expect(await (await empty.fetch(`${TEST_URL}/help`)).text()).toContain(
      'No articles have been published yet.',
    )
  })

  test('a search shows what was found; what was not found says what to do next', async () => {
    expect(await text('/help/search?q=refund')).toContain('Request a refund')
    const nothing = await text('/help/search?q=submarine')
    expect(nothing).toContain('Nothing was found.')
    expect(nothing).toContain('Contact support')
    expect(nothing).toContain('href="/help/search?category=Billing"')
    expect(await text('/help/search?q=%3Cscript%3Ealert(1)%3C/script%3E')).not.toContain('<script>')
    for (const odd of [
      'q=%00',
      'q=%FF',
      'cursor=nonsense',
      'category=',
      `q=${'x'.repeat(3_000)}`,
      'locale=nonsense-',
    ])
      expect((await get(`/help/search?${odd}`)).status, odd).toBe(200)
  })

  test('all articles can be reached page by page', async () => {
    const seen = new Set<string>()
    for (let path: string | undefined = '/help/search?q='; path !== undefined; ) {
      const page: string = await text(path)
      for (const [, slug] of page.matchAll(/<h2><a href="\/help\/([a-z-]+)/g)) seen.add(slug ?? '')
      path = /rel="next" href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&')
    }
    expect(seen.size).toBe(Number((await t.forge().knowledge.search({ query: '' })).total.count))
  })

  test('an article has its contents, its versions and its languages', async () => {
    const page = await text('/help/work-offline')
    expect(page).toContain('href="#section-how-long-it-lasts"')
    expect(page).toContain('<h2 id="section-how-long-it-lasts">')
    expect(page).toContain('hreflang="de"')
    expect(await text('/help/work-offline?locale=de')).toContain('<article lang="de">')
    expect(await text('/help/work-offline', { 'accept-language': 'de-CH,de;q=0.9' })).toContain(
      '<article lang="de">',
    )
    expect(await text('/help/remote-models-legacy')).toContain('for versions up to 1.94.99')
  })

  test('the policy allows no script and our own styles only', async () => {
    for (const path of ['/help', '/help/search?q=x', '/help/work-offline', '/help/nothing-here']) {
      const policy = (await get(path)).headers.get('content-security-policy')
      expect(policy).toMatch(/^default-src 'none';/)
      expect(policy).toContain("style-src 'sha256-")
      expect(policy).not.toContain('script-src')
    }
  })

  test('every link of an article that leads to another one leads somewhere', async () => {
    const slugs = (await t.forge().knowledge.search({ query: '', limit: 100 })).items.map(({ slug }) => slug)
    for (const slug of slugs)
      for (const [, path = ''] of (await t.forge().knowledge.get({ slug })).html.matchAll(
        /href="(\/help\/[^"#]+)"/g,
      ))
        expect(slugs, `${slug} → ${path}`).toContain(path.replace('/help/', ''))
  })
})

describe('forms', () => {
  const post = (path: string, body: string, headers: Record<string, string> = { origin: TEST_URL }) =>
    t.fetch(`${TEST_URL}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body,
    })

  test('a reader says that it helped, and is thanked', async () => {
    const response = await post('/help/free-trial/feedback', 'helpful=yes')
    expect(response.status).toBe(303)
    const location = response.headers.get('location') ?? ''
    expect(location).toBe('/help/free-trial?said=yes#feedback')
    expect(await text(location.replace('#feedback', ''))).toContain('Good to know that this helped.')
    expect((await t.forge().knowledge.get({ slug: 'free-trial' })).helpful).toBe(1)
    expect((await post('/help/free-trial/solved', '')).headers.get('location')).toContain('said=solved')
  })

  test('what is no form of ours changes nothing', async () => {
    expect((await post('/help/free-trial/feedback', 'helpful=yes', {})).status).toBe(403)
    expect(
      (await post('/help/free-trial/feedback', 'helpful=yes', { origin: 'https://evil.example' })).status,
    ).toBe(403)
    expect((await post('/help/free-trial/feedback', 'helpful=perhaps')).status).toBe(400)
    expect((await post('/help/agent-refund-limits/feedback', 'helpful=yes')).status).toBe(404)
    expect((await post('/help/nothing-here/solved', '')).status).toBe(404)
  })
})

describe('in a browser', () => {
  test('somebody finds an article by keyboard, reads it and says that it solved it', async () => {
    const { page, hits, strangers } = await watchPage(browser, t)
    await page.goto(`${TEST_URL}/help`)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('location.hash')).toBe('#content')
    await page.goto(`${TEST_URL}/help`)
    for (let n = 0; n < 3; n++) await page.keyboard.press('Tab')
    await page.keyboard.type('two factor lost phone')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/help/search**')
    await page.getByRole('link', { name: 'Two-factor authentication' }).press('Enter')
    await page.waitForURL('**/help/two-factor-authentication**')
    expect(
      await page.getByRole('navigation', { name: 'Contents' }).getByRole('link').count(),
    ).toBeGreaterThan(2)
    await page.getByRole('button', { name: 'This solved it' }).press('Enter')
    await page.waitForURL('**said=solved**')
    expect(await page.getByRole('status').textContent()).toContain('One ticket less')
    expect([hits, strangers]).toEqual([[], []])
    const rows = await t.deps.sql`select search_id from article_deflections where search_id is not null`
    expect(rows).toHaveLength(1)
  })

  test('light or dark, every text can be told from its ground', async () => {
    const context = await browser.newContext()
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await watchPage(browser, t)
      await page.emulateMedia({ colorScheme })
      await page.goto(`${TEST_URL}/help/payment-failed`)
      const [text, ground] = (await page.evaluate(
        `[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]`,
      )) as [string, string]
      expect(contrast(text, ground), colorScheme).toBeGreaterThan(7)
    }
    await context.close()
  })

  test('whatever an article holds, nothing of it runs', async () => {
    await published(agent, {
      slug: 'attack',
      title: '<img src=x onerror=alert(1)>',
      summary: '<script>alert(1)</script>',
      category: '"><svg onload=alert(1)>',
      tags: ['<b onmouseover=alert(1)>', 'javascript:alert(1)'],
      body: XSS_CORPUS.map((attack) => attack.replaceAll('\u0000', '')).join('\n\n'),
    })
    const { page, hits, strangers } = await watchPage(browser, t)
    for (const path of [
      '/help/attack',
      '/help',
      '/help/search?q=',
      '/help/search?q=<img+src%3Dx+onerror%3Dalert(1)>',
    ]) {
      await page.goto(`${TEST_URL}${path}`)
      await poke(page)
    }
    expect(hits).toEqual([])
    expect(strangers.filter((url) => !url.startsWith('https://ok.example/'))).toEqual([])
  })
})

/** As WCAG has it. */
function contrast(a: string, b: string): number {
  const light = (color: string): number => {
    const [r = 0, g = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map((value) => {
      const part = Number(value) / 255
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue
  }
  const [high = 0, low = 0] = [light(a), light(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}
