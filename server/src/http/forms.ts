import type { Context } from 'hono'
import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { AppError } from '../errors.ts'
import type { HttpEnv } from './context.ts'
import { retryAfterSeconds, statusOf } from './errors.ts'
import { answerPage, type Page } from './pages.ts'
import { requireOrigin } from './session-cookie.ts'

export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>

/** A page with a form of ours. Its own address is told to itself, since without it browsers call the form's origin `null`. */
export async function answerForm(page: Page): Promise<Response> {
  const response = await answerPage(page)
  response.headers.set('referrer-policy', 'same-origin')
  return response
}

/** What went wrong, above a form or alone. */
export const alert = (message: string): Markup => html`<p class="alert" role="alert">${message}</p>`

/** The error as a page. Faults of ours go on to the app's own handler. */
export function pageOfError(
  c: Context<HttpEnv>,
  error: unknown,
  title: string,
  more?: Markup,
): Promise<Response> {
  if (!(error instanceof AppError) || error.code === 'INTERNAL') throw error
  c.set('errorCode', error.code)
  const wait = retryAfterSeconds(error)
  const pause = wait === undefined ? '' : ` (${Math.ceil(wait / 60)} min)`
  return answerForm({
    title,
    status: statusOf(error.code),
    body: html`<h1>${title}</h1>${alert(`${error.message}${pause}`)}${more ?? ''}`,
  })
}

/** The fields of a form that was sent; files and repetitions are not ours. @throws AppError FORBIDDEN, UNSUPPORTED_MEDIA_TYPE */
export async function readForm(c: Context<HttpEnv>): Promise<Record<string, string>> {
  requireOrigin(c)
  if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(c.req.header('content-type') ?? '')) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE')
  }
  return Object.fromEntries(new URLSearchParams(await c.req.text()))
}
