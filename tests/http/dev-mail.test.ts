import { expect, test } from 'vitest'
import { createHttpApp } from './support.ts'

const send = (t: Awaited<ReturnType<typeof createHttpApp>>, id: string, subject: string, html?: string) =>
  t.deps.mail.send({ id, to: 'ada@example.com', subject, text: 'Hello', ...(html ? { html } : {}) })

test('kept mails are listed newest first and open in a sandbox, with links that work', async () => {
  await using t = await createHttpApp()
  const empty = await t.app.request('/dev/mail')
  expect(await empty.text()).toContain('No mails yet')

  await send(t, 'one', 'First <script>alert(1)</script>')
  await new Promise((resolve) => setTimeout(resolve, 5))
  await send(
    t,
    'two',
    'Second',
    '<!doctype html><html><body><a href="https://example.com/x">x</a></body></html>',
  )
  const list = await (await t.app.request('/dev/mail')).text()
  expect(list.indexOf('Second')).toBeLessThan(list.indexOf('First'))
  expect(list).not.toContain('<script>')
  expect(list).toContain('&lt;script&gt;')

  const link = /href="(\/dev\/mail\/[0-9a-f]{40})"/.exec(list)?.[1] ?? ''
  const page = await (await t.app.request(link)).text()
  expect(page).toContain('ada@example.com')
  expect(page).toContain(`src="${link}/body" sandbox=`)
  const body = await t.app.request(`${link}/body`)
  expect(body.headers.get('content-security-policy')).toMatch(
    /default-src 'none';.*sandbox(?!.*allow-scripts)/,
  )
  expect(await body.text()).toContain('<base target="_top">')
})

test('each kept mail is announced in the log, with a link to it', async () => {
  await using t = await createHttpApp()
  await send(t, 'one', 'Confirm your mail address')
  const line = t.log.find((entry) => String(entry.msg).startsWith('mail for'))
  expect(line?.level).toBe(30)
  const link = /→ http:\/\/devforge\.test(\/dev\/mail\/[0-9a-f]{40})$/.exec(String(line?.msg))?.[1] ?? ''
  expect(String(line?.msg)).toContain('mail for ada@example.com: Confirm your mail address')
  expect((await t.app.request(link)).status).toBe(200)
})

test('nothing but mails can be read, and only from this machine', async () => {
  await using t = await createHttpApp()
  for (const path of ['/dev/mail/x', '/dev/mail/..%2f..%2fetc%2fpasswd', `/dev/mail/${'0'.repeat(40)}`]) {
    expect((await t.app.request(path)).status, path).toBe(404)
  }
  const proxied = await t.app.request('/dev/mail', { headers: { 'x-forwarded-for': '203.0.113.9' } })
  expect(proxied.status).toBe(403)
})

test('with a mail server, or in production, there is no such page', async () => {
  await using t = await createHttpApp({ SMTP_URL: 'smtp://127.0.0.1:2525' })
  expect((await t.app.request('/dev/mail')).status).toBe(404)
})
