import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { openBrowser, poke, watchPage } from '../support/browser.ts'
import { type Desk, openDesk } from '../support/desk.ts'
import { placeExtension } from '../support/extensions.ts'
import { signUp } from '../support/people.ts'
import { XSS_CORPUS } from '../support/xss.ts'

/** Texts that may be sent at all: control characters are refused. */
const TEXTS = XSS_CORPUS.map((text) => text.replace(/[^\P{Cc}\n\t]/gu, ''))

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

const asLine = (text: string): string => text.replace(/\p{Cc}+/gu, ' ').trim()

// Guards: what people write is sanitized where it is rendered, so that a page may show `html` as it is, without a policy of its own.
test('what is written in tickets and notes runs nothing, shown as it comes', {
  timeout: 120_000,
}, async () => {
  const { customer, agent } = desk
  const half = Math.ceil(TEXTS.length / 2)
  const ticket = await customer.forge.tickets.create({
    subject: asLine(TEXTS[0] ?? ''),
    body: TEXTS.slice(0, half).join('\n\n'),
    category: 'bug',
  })
  await agent.forge.tickets.note({ id: ticket.id, body: TEXTS.slice(half).join('\n\n') })
  // Replies of agents are not limited, in number.
  for (const text of TEXTS)
    await agent.forge.tickets.reply({ id: ticket.id, body: `${text}\n\n> ${text}\n\n- ${text}` })
  const { messages } = await agent.forge.tickets.get({ id: ticket.id })
  expect(messages.length).toBe(TEXTS.length + 2)
  await using browser = await openBrowser()
  // No policy: the HTML alone must do.
  const { page, hits, strangers } = await watchPage(
    browser,
    async () =>
      new Response(
        `<!doctype html><title>Ticket</title><main>${messages.map(({ html }) => `<article>${html}</article>`).join('')}</main>`,
        {
          headers: { 'content-type': 'text/html; charset=utf-8' },
        },
      ),
  )
  await page.goto(`${TEST_URL}/ticket`)
  await poke(page)
  expect(hits).toEqual([])
  expect(strangers).toEqual([])
  expect(await page.locator('main > article').count()).toBe(messages.length)
})

test('nor does it in the mails that tell of them', { timeout: 120_000 }, async () => {
  await t.drain()
  const mails = (await t.mails(desk.customer.email)).filter(({ subject }) => subject.includes('[#'))
  expect(mails.length).toBeGreaterThan(TEXTS.length / 2)
  await using browser = await openBrowser()
  let shown = ''
  const { page, hits } = await watchPage(
    browser,
    async () => new Response(shown, { headers: { 'content-type': 'text/html; charset=utf-8' } }),
  )
  for (const { html = '' } of mails) {
    shown = html
    await page.goto(`${TEST_URL}/mail`)
    await poke(page)
  }
  expect(hits).toEqual([])
})

test('nor in reviews and display names, on the pages of the store', { timeout: 120_000 }, async () => {
  const { id } = await placeExtension(t, { owner: await signUp(t) })
  for (const text of TEXTS.slice(0, 12)) {
    const writer = await signUp(t, { name: asLine(text).slice(0, 100) })
    await writer.forge.marketplace.review({ id, stars: 3, title: asLine(text).slice(0, 100), body: text })
  }
  await using browser = await openBrowser()
  const { page, hits, strangers } = await watchPage(browser, t)
  await page.goto(`${TEST_URL}/vscode/item?itemName=${id}`)
  await poke(page)
  expect(await page.textContent('body')).toContain('alert')
  expect(hits).toEqual([])
  expect(strangers).toEqual([])
})
