import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { html } from 'hono/html'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { KeptMail } from '../mail/mailer.ts'
import { isLocal } from './client-ip.ts'
import type { HttpEnv } from './context.ts'
import { answerPage } from './pages.ts'

const ID = /^[0-9a-f]{40}$/
/** Older ones stay in the folder. */
const MAX_LISTED = 200

const idOf = (mail: KeptMail): string => mail.messageId.slice(1, 41)

async function readMail(directory: string, id: string): Promise<KeptMail | undefined> {
  if (!ID.test(id)) return undefined
  const text = await readFile(join(directory, `${id}.json`), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text)
}

async function listMails(directory: string): Promise<KeptMail[]> {
  const files = await readdir(directory).catch(() => [])
  const ids = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length))
  const mails = await Promise.all(ids.map((id) => readMail(directory, id)))
  return mails
    .filter((mail) => mail !== undefined)
    .sort((a, b) => b.sentAt.localeCompare(a.sentAt))
    .slice(0, MAX_LISTED)
}

/**
 * `/dev/mail`: the mails that were kept because there is no mail server. They hold keys and links that sign people in, so the pages
 * exist only in development and tests, and answer only to this machine.
 */
export function mountDevMail(app: Hono<HttpEnv>, { env, mail }: Deps): void {
  const { directory } = mail
  if (directory === null || env.NODE_ENV === 'production') return

  app.use('/dev/mail/*', async (c, next) => {
    if (!isLocal(c))
      throw new AppError('FORBIDDEN', undefined, {
        message: 'Mails are shown on the machine that runs the server only.',
      })
    await next()
  })

  app.get('/dev/mail', async () => {
    const mails = await listMails(directory)
    const list = html`<ul class="list card">${mails.map(
      (kept) =>
        html`<li><a href="/dev/mail/${idOf(kept)}"><strong>${kept.subject}</strong><span class="soft">to ${kept.to}
          · <time datetime="${kept.sentAt}">${kept.sentAt.slice(0, 19).replace('T', ' ')} UTC</time></span></a></li>`,
    )}</ul>`
    const empty = html`<div class="card"><p><strong>No mails yet.</strong></p>
      <p class="soft">Mails appear here while SMTP_URL is not set: sign up, or buy a license, and look again.</p></div>`
    return answerPage({
      title: 'Mail',
      body: html`<h1>Mail</h1>${mails.length > 0 ? list : empty}`,
    })
  })

  app.get('/dev/mail/:id', async (c) => {
    const kept = await readMail(directory, c.req.param('id'))
    if (!kept) throw new AppError('NOT_FOUND', { what: 'mail' })
    const details = html`<p><a href="/dev/mail">← All mails</a></p><h1>${kept.subject}</h1>
      <dl><dt>To</dt><dd>${kept.to}</dd><dt>Sent</dt><dd>${kept.sentAt}</dd></dl>`
    return answerPage({
      title: kept.subject,
      policy: { frame: "'self'" },
      body: kept.html
        ? html`${details}<iframe title="The mail" src="/dev/mail/${idOf(kept)}/body" sandbox="allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"></iframe>
          <details><summary>As text</summary><pre>${kept.text}</pre></details>`
        : html`${details}<pre class="card">${kept.text}</pre>`,
    })
  })

  // The mail as the receiver's program would show it: in a sandbox without scripts, links open in the whole window.
  app.get('/dev/mail/:id/body', async (c) => {
    const kept = await readMail(directory, c.req.param('id'))
    if (!kept?.html) throw new AppError('NOT_FOUND', { what: 'mail' })
    const page = kept.html.replace('<body>', '<head><base target="_top"></head><body>')
    return c.body(page, 200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation",
      'x-frame-options': 'SAMEORIGIN',
    })
  })
}
