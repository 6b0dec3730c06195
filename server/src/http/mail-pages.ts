import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { unsubscribe } from '../modules/support/service/mail/unsubscribe.ts'
import { contextOf } from './auth.ts'
import type { HttpEnv } from './context.ts'
import { answerForm, pageOfError } from './forms.ts'
import { answerPage } from './pages.ts'

const PATH = '/mail/unsubscribe'
const linkInput = z.object({ ticket: z.string().max(64), tag: z.string().max(64) })

const badLink = (c: Context<HttpEnv>): Promise<Response> =>
  pageOfError(c, new AppError('AUTH_TOKEN_INVALID'), 'This link does not work')

/**
 * Where mails about a ticket are ended. A GET asks first, since programs that look through mails follow links; mail programs themselves
 * POST (RFC 8058).
 */
export function mountMailPages(app: Hono<HttpEnv>, deps: Deps): void {
  app.get(PATH, (c) => {
    const link = linkInput.safeParse(c.req.query())
    if (!link.success) return badLink(c)
    const action = `${PATH}?${new URLSearchParams(link.data)}`
    return answerForm({
      title: 'No more mails about this request',
      body: html`<h1>No more mails about this request</h1>
        <p>Answers will wait for you in the editor. Mails about your other requests, your licenses and payments go on.</p>
        <form class="stack" method="post" action="${action}"><button>End these mails</button></form>`,
    })
  })

  app.post(PATH, async (c) => {
    const link = linkInput.safeParse(c.req.query())
    if (!link.success) return badLink(c)
    try {
      await unsubscribe(contextOf(deps, c), link.data)
    } catch (error) {
      return pageOfError(c, error, 'This link does not work')
    }
    return answerPage({
      title: 'Done',
      body: html`<h1>Done</h1><p>You will get no more mails about this request. You can close this page.</p>`,
    })
  })
}
