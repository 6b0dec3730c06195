import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import { findChromium } from '../support/browser.ts'

export const startBrowser = async (): Promise<Browser> =>
  playwright.launch({
    executablePath: await findChromium(),
    args: [...chromium.args, '--no-sandbox', '--disable-background-networking'],
  })

// The editor's own policy lets pages talk to galleries over https only; ours has no certificate here.
export const newPage = (browser: Browser): Promise<Page> =>
  browser.newPage({ viewport: { width: 1280, height: 800 }, bypassCSP: true })

/** Opens the editor, and in it the view of extensions. */
export async function openExtensions(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.locator('.monaco-workbench').waitFor()
  const view = page.locator('.extensions-viewlet')
  // Keys are lost while the editor is still starting.
  for (let tries = 0; tries < 30 && !(await view.isVisible()); tries++) {
    await page.keyboard.press('Control+Shift+X')
    await view.waitFor({ timeout: 2000 }).catch(() => {})
  }
}

/** For people: pictures of what was seen, where DEVFORGE_SCREENSHOTS names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.DEVFORGE_SCREENSHOTS
  if (!folder) return
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}
