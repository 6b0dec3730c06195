import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import type { Ctx, SessionActor } from '../context.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { CLIENT_IP_HEADER, engineOf } from '../modules/auth/engine.ts'
import { approveDeviceInput, signInInput, userCodeInput } from '../modules/auth/schemas.ts'
import { approveDevice, deviceRequest } from '../modules/auth/service/device.ts'
import { signIn } from '../modules/auth/service/sign-in.ts'
import { me } from '../modules/users/service/profile.ts'
import { contextOf } from './auth.ts'
import type { HttpEnv } from './context.ts'
import { statusOf } from './errors.ts'
import { alert, answerForm, pageOfError, readForm } from './forms.ts'
import { answerPage } from './pages.ts'
import { browserActor, setSessionCookie } from './session-cookie.ts'

// Where a person lets the editor sign in: signs in here if need be, types the code (or comes with it), sees what asks, decides.

const TITLE = 'Sign in on a device'
const PROVIDERS = { github: 'GitHub', google: 'Google' } as const
type Provider = keyof typeof PROVIDERS
/** Where forms of this page lead in the end: browsers hold the policy against redirects, too. */
const FORM_TARGETS = "'self' https://github.com https://accounts.google.com"

const pageUrl = (userCode: string): string => `/device?user_code=${encodeURIComponent(userCode)}`
const codeField = (userCode: string) => html`<label>Code that the device shows
  <input class="code" name="userCode" value="${userCode}" required maxlength="40" autocomplete="off" autocapitalize="characters" spellcheck="false">
</label>`
const tryAgain = html`<p><a href="/device">Enter another code</a></p>`

function configuredProviders({ env }: Deps): Provider[] {
  return [
    ...(env.GITHUB_CLIENT_ID && env.GITHUB_CLIENT_SECRET ? (['github'] as const) : []),
    ...(env.GOOGLE_CLIENT_ID && env.GOOGLE_CLIENT_SECRET ? (['google'] as const) : []),
  ]
}

const signInPage = (deps: Deps, userCode: string, error?: AppError, email = '') =>
  answerForm({
    title: TITLE,
    status: error ? statusOf(error.code) : 200,
    policy: { form: FORM_TARGETS },
    body: html`<h1>${TITLE}</h1><p>First sign in here.</p>${error ? alert(error.message) : ''}
      <form class="stack" method="post" action="/device/sign-in">
        <input type="hidden" name="userCode" value="${userCode}">
        <label>Mail address <input type="email" name="email" value="${email}" autocomplete="username" required></label>
        <label>Password <input type="password" name="password" autocomplete="current-password" required></label>
        <label>Code of your authenticator app, if you use one
          <input name="totp" inputmode="numeric" autocomplete="one-time-code"></label>
        <button>Sign in</button>
      </form>
      ${configuredProviders(deps).map(
        (provider) => html`<form class="stack" method="post" action="/device/social">
          <input type="hidden" name="userCode" value="${userCode}"><input type="hidden" name="provider" value="${provider}">
          <p><button class="plain">Continue with ${PROVIDERS[provider]}</button></p></form>`,
      )}`,
  })

async function codePage(ctx: Ctx<SessionActor>, userCode: string): Promise<Response> {
  const { email } = await me(ctx)
  return answerForm({
    title: TITLE,
    body: html`<h1>${TITLE}</h1><p class="soft">Signed in as ${email}</p>
      <form class="stack" method="post" action="/device">${codeField(userCode)}<button>Continue</button></form>`,
  })
}

/** Shows what asks, and who would be signed in. */
async function decisionPage(ctx: Ctx<SessionActor>, userCode: string): Promise<Response> {
  const { clientName } = await deviceRequest(ctx, { userCode })
  const { email } = await me(ctx)
  return answerForm({
    title: TITLE,
    body: html`<h1>Let it sign in?</h1>
      <p><strong>${clientName ?? 'A device'}</strong> wants to sign in to Dev Forge as <strong>${email}</strong>.</p>
      <p>Approve only if you see this code on your own device at this moment:</p><p class="code">${userCode}</p>
      <form class="row" method="post" action="/device"><input type="hidden" name="userCode" value="${userCode}">
        <button name="decision" value="approve">Approve</button>
        <button class="plain" name="decision" value="deny">Refuse</button>
      </form>`,
  })
}

/** The context of the person who is signed in in this browser. */
async function personOf(c: Context<HttpEnv>, deps: Deps): Promise<Ctx<SessionActor> | undefined> {
  const ctx = contextOf(deps, c)
  const actor = await browserActor(c, ctx)
  return actor && { ...ctx, actor }
}

export function mountDevicePage(app: Hono<HttpEnv>, deps: Deps): void {
  app.get('/device', async (c) => {
    const userCode = (c.req.query('user_code') ?? '').slice(0, 40)
    const person = await personOf(c, deps)
    return person ? codePage(person, userCode) : signInPage(deps, userCode)
  })

  app.post('/device', async (c) => {
    const form = await readForm(c)
    const person = await personOf(c, deps)
    if (!person) return signInPage(deps, form.userCode ?? '')
    try {
      if (form.decision === undefined) {
        const parsed = userCodeInput.safeParse(form)
        if (!parsed.success) throw new AppError('AUTH_TOKEN_INVALID')
        return await decisionPage(person, parsed.data.userCode)
      }
      const parsed = approveDeviceInput.safeParse(form)
      if (!parsed.success) throw new AppError('AUTH_TOKEN_INVALID')
      await approveDevice(person, parsed.data)
      return answerPage({
        title: TITLE,
        body:
          parsed.data.decision === 'approve'
            ? html`<h1>Done</h1><p>Your device is signing in. You can close this page.</p>`
            : html`<h1>Refused</h1><p>The device was not signed in.</p>`,
      })
    } catch (error) {
      return pageOfError(c, error, TITLE, tryAgain)
    }
  })

  app.post('/device/sign-in', async (c) => {
    const { userCode = '', ...form } = await readForm(c)
    const { totp, ...rest } = form
    const parsed = signInInput.safeParse(totp ? { ...rest, totp } : rest)
    try {
      if (!parsed.success) throw new AppError('AUTH_INVALID_CREDENTIALS')
      const { sessionToken } = await signIn(contextOf(deps, c), parsed.data)
      await setSessionCookie(c, deps, sessionToken)
      return c.redirect(pageUrl(userCode), 303)
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'INTERNAL') throw error
      c.set('errorCode', error.code)
      return signInPage(deps, userCode, error, form.email)
    }
  })

  app.post('/device/social', async (c) => {
    const { provider, userCode = '' } = await readForm(c)
    const chosen = configuredProviders(deps).find((candidate) => candidate === provider)
    if (!chosen) throw new AppError('NOT_FOUND', { what: 'provider' })
    const headers = new Headers(c.req.raw.headers)
    headers.set(CLIENT_IP_HEADER, c.get('clientIp'))
    const { headers: set, response } = await engineOf(deps).api.signInSocial({
      body: { provider: chosen, callbackURL: pageUrl(userCode) },
      headers,
      returnHeaders: true,
    })
    if (!response.url) throw new AppError('UNAVAILABLE')
    for (const cookie of set.getSetCookie()) c.header('set-cookie', cookie, { append: true })
    return c.redirect(response.url, 303)
  })
}
