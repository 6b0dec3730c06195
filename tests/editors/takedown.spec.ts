import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthor, publish } from '../support/catalog.ts'
import { signUp } from '../support/people.ts'
import { packVsix, variantOf } from '../support/vsix.ts'
import { createEditor, startGallery } from './editor.ts'
import { newPage, openExtensions, picture, startBrowser } from './workbench.ts'

let gallery: Awaited<ReturnType<typeof startGallery>>
let browser: Browser

beforeAll(async () => {
  gallery = await startGallery()
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await gallery?.[Symbol.asyncDispose]()
})

test('an installed extension that is taken down as harmful is removed by the editor itself', async () => {
  const author = await createAuthor(gallery, 'acme')
  const admin = await signUp(gallery, { role: 'admin' })
  const good = await packVsix({
    publisher: 'acme',
    name: 'good',
    version: '1.0.0',
    manifest: { displayName: 'Good' },
  })
  await publish(gallery, author, good)
  await publish(gallery, author, variantOf(good, { name: 'thief', manifest: { displayName: 'Thief' } }))

  await using editor = await createEditor(gallery.url)
  await editor.run('--install-extension', 'acme.good')
  await editor.run('--install-extension', 'acme.thief')
  expect(await editor.installed()).toEqual(['acme.good@1.0.0', 'acme.thief@1.0.0'])
  expect(await editor.onDisk()).toEqual(['acme.good-1.0.0-universal', 'acme.thief-1.0.0-universal'])

  await admin.forge.marketplace.takedown({ id: 'acme.thief', reason: 'it steals keys', malicious: true })

  // What is installed is held against the list by a task that the window starts with, in VS Code's own words
  // `checkForMaliciousExtensions`: once before the installed ones are known, and then every five minutes. Those are made to pass.
  // (With a window that is open when it happens, and no clock but the wall's, it was gone after 310 seconds.)
  const page = await newPage(browser)
  await page.clock.install()
  await openExtensions(page, await editor.start())
  await page.locator('.extensions-viewlet .extension-list-item').filter({ hasText: 'Thief' }).waitFor()
  const said = page.locator('.notification-toast').filter({ hasText: /Thief.*problematic.*uninstalled/ })
  for (let tries = 0; tries < 20 && !(await said.isVisible()); tries++) {
    await page.clock.fastForward('05:01')
    await said.waitFor({ timeout: 3000 }).catch(() => {})
  }
  await picture(page, 'taken-down')
  expect(await said.isVisible()).toBe(true)
  expect(await editor.installed()).toEqual(['acme.good@1.0.0'])
  expect(await editor.onDisk()).toEqual(['acme.good-1.0.0-universal'])
})
