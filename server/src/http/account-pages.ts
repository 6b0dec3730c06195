import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '../modules/auth/constants.ts'
import { resetPasswordInput, verifyEmailInput } from '../modules/auth/schemas.ts'
import { resetPassword } from '../modules/auth/service/reset.ts'
import { verifyEmail } from '../modules/auth/service/verification.ts'
import { contextOf } from './auth.ts'
import type { HttpEnv } from './context.ts'
import { mountDevicePage } from './device-page.ts'
import { alert, answerForm, type Markup, pageOfError, readForm } from './forms.ts'
import { answerPage } from './pages.ts'

// The pages behind links in mails. They work without scripts. A GET changes nothing: programs that look through mails for bad
// links would use up the token before the person comes.

const badLink = (c: Context<HttpEnv>): Promise<Response> =>
  pageOfError(c, new AppError('AUTH_TOKEN_INVALID'), 'This link does not work')

function mountVerifyEmail(app: Hono<HttpEnv>, deps: Deps): void {
  app.get('/verify-email', (c) => {
    const parsed = verifyEmailInput.safeParse({ token: c.req.query('token') })
    if (!parsed.success) return badLink(c)
    return answerForm({
      title: 'Confirm your mail address',
      body: html`<h1>Confirm your mail address</h1>
        <p>One click, and we know that this address is yours.</p>
        <form class="stack" method="post" action="/verify-email">
          <input type="hidden" name="token" value="${parsed.data.token}">
          <button>Confirm</button>
        </form>`,
    })
  })

  app.post('/verify-email', async (c) => {
    const parsed = verifyEmailInput.safeParse(await readForm(c))
    if (!parsed.success) return badLink(c)
    try {
      const { joined } = await verifyEmail(contextOf(deps, c), parsed.data)
      return answerPage({
        title: 'Confirmed',
        body: joined
          ? html`<h1>Your accounts are joined</h1>
              <p>You had an account with this address before. What you did in the new one is in that one now:
              sign in with the password that you used there.</p>`
          : html`<h1>Thank you</h1><p>Your mail address is confirmed. You can close this page.</p>`,
      })
    } catch (error) {
      return pageOfError(c, error, 'This link does not work')
    }
  })
}

const passwordForm = (token: string): Markup => html`
  <form class="stack" method="post" action="/reset-password">
    <input type="hidden" name="token" value="${token}">
    <label>New password
      <input type="password" name="password" autocomplete="new-password" required minlength="${MIN_PASSWORD_LENGTH}"
        maxlength="${MAX_PASSWORD_LENGTH}" aria-describedby="rule">
    </label>
    <p class="soft" id="rule">At least ${MIN_PASSWORD_LENGTH} characters. Every device will be signed out.</p>
    <button>Set the password</button>
  </form>`

function mountResetPassword(app: Hono<HttpEnv>, deps: Deps): void {
  const title = 'Choose a new password'
  app.get('/reset-password', (c) => {
    const parsed = resetPasswordInput.shape.token.safeParse(c.req.query('token'))
    if (!parsed.success) return badLink(c)
    return answerForm({ title, body: html`<h1>${title}</h1>${passwordForm(parsed.data)}` })
  })

  app.post('/reset-password', async (c) => {
    const form = await readForm(c)
    const parsed = resetPasswordInput.safeParse(form)
    if (!parsed.success) {
      const token = resetPasswordInput.shape.token.safeParse(form.token)
      if (!token.success) return badLink(c)
      const rule = `Choose a password of ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters.`
      return answerForm({
        title,
        status: 400,
        body: html`<h1>${title}</h1>${alert(rule)}${passwordForm(token.data)}`,
      })
    }
    try {
      await resetPassword(contextOf(deps, c), parsed.data)
      return answerPage({
        title: 'Password set',
        body: html`<h1>Your new password is set</h1><p>Every device was signed out. Sign in with the new password.</p>`,
      })
    } catch (error) {
      return pageOfError(c, error, 'This link does not work')
    }
  })
}

/** `/verify-email`, `/reset-password` and `/device`: what links in mails and in the editor open. */
export function mountAccountPages(app: Hono<HttpEnv>, deps: Deps): void {
  mountVerifyEmail(app, deps)
  mountResetPassword(app, deps)
  mountDevicePage(app, deps)
}
