import type { Hono } from 'hono'
import { html } from 'hono/html'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { toAppError } from '../trpc.ts'
import type { HttpEnv } from './context.ts'
import { answerError } from './errors.ts'
import { answerPage } from './pages.ts'

/** Whether a person looks at the answer, in a browser. */
const wantsPage = (accept: string | undefined): boolean => accept?.includes('text/html') ?? false

/** What is answered where no route matched, and when a route failed. */
export function mountFallbacks(app: Hono<HttpEnv>, deps: Deps): void {
  app.notFound((c) => {
    c.set('route', 'other')
    if (!wantsPage(c.req.header('accept')))
      return answerError(c, new AppError('NOT_FOUND', { what: 'route' }))
    return answerPage({
      title: 'Not found',
      status: 404,
      body: html`<h1>There is nothing here</h1><p>The address may be misspelt, or what was here is gone.</p>
        <p class="soft">The API is described at <a href="/docs">/docs</a>.</p>`,
    })
  })

  app.onError((error, c) => {
    const appError = toAppError(error)
    const requestId = c.get('requestId')
    if (appError.code === 'INTERNAL')
      deps.log.error({ err: appError.cause ?? error, path: c.req.path, requestId }, 'internal error')
    if (!wantsPage(c.req.header('accept'))) return answerError(c, appError)
    c.set('errorCode', appError.code)
    const { status, headers } = answerError(c, appError)
    headers.delete('content-type')
    return answerPage({
      title: 'Something went wrong',
      status,
      body: html`<h1>${appError.message}</h1><p class="soft">Request <code>${requestId}</code></p>`,
    })
  })
}
