import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import { TEST_URL, type TestApp } from './app.ts'

// What the package advises is for functions in a cloud: one process for all pages, which ends with the first of them, and no rules on origins.
const UNWANTED = /^--(?:single-process|no-zygote|disable-web-security|allow-running-insecure-content)/

/**
 * Where Chromium is. The package unpacks it into the temporary folder, over what is there, under one name for all: two workers who begin
 * at once would start what is half written, and another user of the machine could not start it at all. So it goes into a folder per user,
 * whole or not at all.
 */
export async function findChromium(): Promise<string> {
  const home = join(tmpdir(), `devforge-chromium-${userInfo().uid}`)
  if (!existsSync(home)) await unpackInto(home)
  return join(home, 'chromium')
}

async function unpackInto(home: string): Promise<void> {
  const before = process.env.TMPDIR
  const scratch = await mkdtemp(`${home}-`)
  process.env.TMPDIR = scratch
  try {
    await chromium.executablePath()
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
  // Somebody else was faster: theirs is as good.
  await rename(scratch, home).catch(() => rm(scratch, { recursive: true }))
}

/** A Chromium without a window, from the npm registry. Close it, or `await using`. */
export async function openBrowser(): Promise<Browser> {
  return playwright.launch({
    executablePath: await findChromium(),
    args: [
      ...chromium.args.filter((arg) => !UNWANTED.test(arg)),
      '--no-sandbox',
      '--disable-background-networking',
    ],
  })
}

// Written as text: these run in the page, and the suite knows no types of browsers.

/** Whatever a text smuggled in would call tells us instead. */
const LISTEN = `for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = () => void window.__hit(name)`

const POKE = `(async () => {
  for (const element of document.querySelectorAll('*')) {
    for (const type of ['mouseover', 'mouseenter', 'focus', 'pointerover', 'toggle', 'animationstart'])
      element.dispatchEvent(new Event(type, { bubbles: true }))
    // Links of ours and to strangers are left alone: only what would run here.
    const address = element.getAttribute('href') ?? element.getAttribute('action') ?? ''
    if (/^\\s*(?:javascript|data|vbscript)/i.test(address)) element.click?.()
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
})()`

export interface WatchedPage {
  page: Page
  /** What was run that nobody of ours wrote, since the page was opened. */
  hits: string[]
  /** Addresses outside of this server that were asked for. */
  strangers: string[]
}

/**
 * A page whose requests the app answers, without a port. Nothing leaves the machine: what is asked of other hosts is noted and refused.
 * @param answer instead of the app
 */
export async function watchPage(
  browser: Browser,
  answer: TestApp | ((url: string, init: RequestInit) => Promise<Response>),
): Promise<WatchedPage> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const hits: string[] = []
  const strangers: string[] = []
  await page.exposeFunction('__hit', (what: string) => void hits.push(what))
  await page.addInitScript(LISTEN)
  page.on('dialog', (dialog) => {
    hits.push(dialog.type())
    void dialog.dismiss()
  })
  await context.route('**/*', async (route) => {
    const request = route.request()
    if (!request.url().startsWith(`${TEST_URL}/`)) {
      strangers.push(request.url())
      return route.abort()
    }
    const body = request.postDataBuffer()
    const init = {
      method: request.method(),
      headers: await request.allHeaders(),
      ...(body === null ? {} : { body: new Uint8Array(body) }),
      redirect: 'manual' as const,
    }
    const response =
      typeof answer === 'function'
        ? await answer(request.url(), init)
        : await answer.app.request(request.url(), init)
    const location = response.headers.get('location')
    if (location !== null && response.status >= 300 && response.status < 400)
      // A browser that is told to go elsewhere asks the network by itself, past this route: the page does it instead.
      return route.fulfill({
        contentType: 'text/html',
        body: `<script>location.replace(${JSON.stringify(location).replaceAll('<', '\\u003c')})</script>`,
      })
    return route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    })
  })
  return { page, hits, strangers }
}

/** Moves over and clicks whatever can be, so that handlers and links show what they do. */
export async function poke(page: Page): Promise<void> {
  await page.evaluate(POKE)
}
