import { forgetKillList } from '@devforge/server/modules/marketplace/service/kill-list'
import { indexExtension } from '@devforge/server/modules/marketplace/service/search/index-extension'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthor, publish } from '../support/catalog.ts'
import { png } from '../support/png.ts'
import { packVsix, variantOf } from '../support/vsix.ts'
import { createEditor, type Editor, startGallery } from './editor.ts'
import { newPage, openExtensions, picture, startBrowser } from './workbench.ts'

let gallery: Awaited<ReturnType<typeof startGallery>>
let editor: Editor
let browser: Browser
let page: Page

const README = '# Rust Forge\n\nCompletion and **refactoring** for Rust.\n'
const CHANGELOG = '# Changes\n\n## 2.0.0\n\nFaster by half.\n'

beforeAll(async () => {
  gallery = await startGallery()
  const author = await createAuthor(gallery, 'acme')
  const rust = await packVsix({
    publisher: 'acme',
    name: 'rust-forge',
    version: '2.0.0',
    manifest: {
      displayName: 'Rust Forge',
      description: 'Rust for people in a hurry',
      categories: ['Programming Languages'],
      keywords: ['rustlang'],
    },
    files: { 'README.md': README, 'CHANGELOG.md': CHANGELOG, 'icon.png': png(128, 128, [222, 99, 40]) },
  })
  const theme = await packVsix({
    publisher: 'acme',
    name: 'quiet-theme',
    version: '0.3.0',
    manifest: {
      displayName: 'Quiet Theme',
      description: 'A theme without noise',
      categories: ['Themes'],
      keywords: ['calm'],
    },
    files: { 'icon.png': png(128, 128, [64, 84, 178]) },
  })
  const { sql } = gallery.deps
  for (const vsix of [
    rust,
    theme,
    variantOf(theme, { name: 'old-theme', manifest: { displayName: 'Old Theme' } }),
  ]) {
    const id = await publish(gallery, author, vsix)
    await sql`update extensions set installs = 12345, rating_count = 8, rating_sum = 36, deprecated_at = case when name = 'old-theme' then now() end,
      replaced_by = case when name = 'old-theme' then 'acme.quiet-theme' end where id = ${id}`
    await indexExtension(gallery.deps.db, id, gallery.clock.now())
  }
  forgetKillList(gallery.deps)
  editor = await createEditor(gallery.url)
  browser = await startBrowser()
  page = await newPage(browser)
  await openExtensions(page, await editor.start())
  await items().first().waitFor({ timeout: 60_000 })
})
afterAll(async () => {
  await browser?.close()
  await editor?.[Symbol.asyncDispose]()
  await gallery?.[Symbol.asyncDispose]()
})

const items = (): Locator => page.locator('.extensions-viewlet .extension-list-item')
const details = (): Locator => page.locator('.extension-editor')
const button = (name: RegExp): Locator =>
  details().locator('.header a.action-label').filter({ hasText: name }).filter({ visible: true })

/** Types into the search of the Extensions view. */
async function search(text: string): Promise<void> {
  const field = page.locator('.extensions-viewlet .suggest-input-container .monaco-editor').first()
  await field.click()
  await page.keyboard.press('Control+A')
  await page.keyboard.type(text)
}

/** Waits until the view shows just these. */
const shows = (...names: string[]): Promise<void> =>
  expect
    .poll(async () => (await items().locator('.name').allTextContents()).sort(), { timeout: 20_000 })
    .toEqual(names.sort())

/** What a rendered text of the extension shows; it stands in a frame of a frame. */
const rendered = () =>
  expect.poll(
    async () => {
      const texts = await Promise.all(
        page.frames().map((frame) =>
          frame
            .locator('body')
            .textContent({ timeout: 2000 })
            .catch(() => ''),
        ),
      )
      return texts.join('\n')
    },
    { timeout: 30_000 },
  )

describe('the Extensions view of code-server', () => {
  test('finds by text, id, category and tag', async () => {
    await search('hurry')
    await shows('Rust Forge')
    await picture(page, 'text')
    await search('@id:acme.quiet-theme')
    await shows('Quiet Theme')
    await search('@category:"Programming Languages"')
    await shows('Rust Forge')
    await search('tag:calm')
    await shows('Old Theme', 'Quiet Theme')
    await picture(page, 'tag')
    await search('nothing-like-this-anywhere')
    await expect.poll(() => items().count(), { timeout: 20_000 }).toBe(0)
  })

  test('shows name, publisher, icon, installs and rating in the list', async () => {
    await search('@id:acme.rust-forge')
    await shows('Rust Forge')
    const [item] = await items().all()
    const text = await item?.textContent()
    expect(text).toContain('Rust for people in a hurry')
    expect(text).toContain('acme inc.')
    expect(text).toMatch(/12K/)
    expect(text).toMatch(/4\.5/)
    const icon = item?.locator('img.icon')
    await expect
      .poll(() => icon?.evaluate((image) => ('naturalWidth' in image ? image.naturalWidth : 0)), {
        timeout: 10_000,
      })
      .toBe(128)
  })

  test('shows README, changelog, ratings and installs of an extension', async () => {
    await items().first().click()
    await details().waitFor()
    await rendered().toContain('Completion and refactoring for Rust.')
    await expect.poll(() => details().locator('.header').textContent()).toMatch(/12,345/)
    await picture(page, 'details')
    await details()
      .locator('.navbar a')
      .filter({ hasText: /changelog/i })
      .click()
    await rendered().toContain('Faster by half.')
    await picture(page, 'changelog')
  })

  test('installs it, and uninstalls it', async () => {
    const install = button(/^Install$/)
    await install.waitFor()
    expect(await install.getAttribute('class')).not.toContain('disabled')
    await install.click()
    const trust = page.locator('.monaco-dialog-box .monaco-button').filter({ hasText: /trust/i })
    await trust.click({ timeout: 15_000 }).catch(() => {})
    await button(/^Uninstall$/).waitFor({ timeout: 30_000 })
    await picture(page, 'installed')
    expect(await editor.installed()).toEqual(['acme.rust-forge@2.0.0'])
    await button(/^Uninstall$/).click()
    await expect.poll(() => editor.installed(), { timeout: 30_000 }).toEqual([])
    await gallery.deps.usage.flush()
    const rows = await gallery.deps.sql<
      { kind: string }[]
    >`select kind::text from usage_events order by sequence`
    expect(rows.map(({ kind }) => kind)).toEqual(['install', 'uninstall'])
  })

  test('says what is deprecated, and what to use instead', async () => {
    await search('@id:acme.old-theme')
    await shows('Old Theme')
    await items().first().click()
    await expect.poll(() => details().textContent(), { timeout: 20_000 }).toMatch(/deprecated.*Quiet Theme/is)
    await picture(page, 'deprecated')
  })
})
