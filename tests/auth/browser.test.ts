import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'
import { mailedToken, totpCode } from './support.ts'

// What a person's browser does: forms, cookies, links of mails. No scripts.

let t: TestApp
beforeAll(async () => {
  t = await createTestApp({ env: { GITHUB_CLIENT_ID: 'github-app', GITHUB_CLIENT_SECRET: 'github-secret' } })
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

/** A browser on our origin: keeps cookies, sends forms the way browsers do. */
function browser() {
  const jar = new Map<string, string>()
  async function go(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await t.fetch(`${TEST_URL}${path}`, { ...init, headers })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (/max-age=0/i.test(cookie) || value === '') jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }
  return {
    jar,
    get: (path: string) => go(path),
    form: (path: string, fields: Record<string, string>, origin: string | null = TEST_URL) =>
      go(path, {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: origin === null ? {} : { origin },
      }),
    json: (path: string, body: unknown, headers: Record<string, string> = { origin: TEST_URL }) =>
      go(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
  }
}

test('pages are safe to look at: no script, no frame, no cache, and the title says what they are', async () => {
  const response = await browser().get('/verify-email?token=abcdefghijklmnopqrstuvwxyz')
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('script-src')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('referrer-policy')).toBe('same-origin')
  expect(await response.text()).toMatch(/<html lang="en">[\s\S]*<title>Confirm your mail address/)
})

test('looking at a link does not use it up; the button does', async () => {
  const { email, forge } = await signUp(t)
  const token = await mailedToken(t, email, 'verify-email')
  const b = browser()
  for (let i = 0; i < 3; i++) expect((await b.get(`/verify-email?token=${token}`)).status).toBe(200)
  expect((await forge.users.me()).emailVerified).toBe(false)
  const done = await b.form('/verify-email', { token })
  expect(await done.text()).toContain('Your mail address is confirmed')
  expect((await forge.users.me()).emailVerified).toBe(true)
  const again = await b.form('/verify-email', { token })
  expect(again.status).toBe(400)
  expect(await again.text()).toContain('This link does not work')
})

test('a token that is markup stays text', async () => {
  for (const path of ['/verify-email?token=', '/reset-password?token=', '/device?user_code=']) {
    const response = await browser().get(`${path}${encodeURIComponent('"><script>alert(1)</script>')}`)
    expect(await response.text()).not.toContain('<script')
  }
})

test('a new password by form; a short one is asked for again', async () => {
  const { email } = await signUp(t)
  await t.forge().auth.requestPasswordReset({ email })
  const token = await mailedToken(t, email, 'reset-password')
  const b = browser()
  const page = await (await b.get(`/reset-password?token=${token}`)).text()
  expect(page).toContain('autocomplete="new-password"')
  const short = await b.form('/reset-password', { token, password: 'short' })
  expect(short.status).toBe(400)
  expect(await short.text()).toContain(token)
  expect((await b.form('/reset-password', { token, password: 'set in a browser' })).status).toBe(200)
  await t.forge().auth.signIn({ email, password: 'set in a browser' })
})

test('a device is approved in the browser: sign in, see what asks, approve', async () => {
  const person = await signUp(t)
  const { secret } = await person.forge.auth.enableTotp({ password: person.password })
  await person.forge.auth.confirmTotp({ code: totpCode(t, secret) })
  t.clock.advance(60_000)
  const editor = t.forge()
  const { deviceCode, userCode, verificationUrl } = await editor.auth.startDevice({
    clientName: '<b>Editor</b>',
  })
  const b = browser()
  const path = verificationUrl.slice(TEST_URL.length)
  expect(await (await b.get(path)).text()).toContain('First sign in here')
  const fields = { userCode, email: person.email, password: person.password }
  expect((await b.form('/device/sign-in', { ...fields, password: 'wrong password' })).status).toBe(401)
  expect(await (await b.form('/device/sign-in', { ...fields, totp: '' })).text()).toContain(
    'authenticator app',
  )
  expect(b.jar.size).toBe(0)
  const signedIn = await b.form('/device/sign-in', { ...fields, totp: totpCode(t, secret) })
  expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, path])
  const cookie = signedIn.headers.getSetCookie().join()
  expect(cookie).toMatch(/HttpOnly/i)
  expect(cookie).toMatch(/SameSite=Lax/i)

  expect(await (await b.get(path)).text()).toContain(person.email)
  const question = await (await b.form('/device', { userCode })).text()
  expect(question).toContain('&lt;b&gt;Editor&lt;/b&gt;')
  expect(await (await b.form('/device', { userCode, decision: 'approve' })).text()).toContain('Done')
  expect((await editor.auth.pollDevice({ deviceCode })).user.id).toBe(person.id)
  expect((await b.form('/device', { userCode: 'BCDF-GHJK' })).status).toBe(400)
})

test('sign-up, sign-in and sign-out with cookies; the session token stays out of reach of scripts', async () => {
  const b = browser()
  const up = await b.json('/api/auth/sign-up/email', {
    email: 'browser@example.com',
    password: 'correct horse',
    name: 'B',
  })
  expect(up.status).toBe(200)
  expect(await up.json()).not.toHaveProperty('sessionToken')
  const session = (await (await b.get('/api/auth/get-session')).json()) as {
    user: object
    accessToken: string
  }
  expect(session.user).toMatchObject({ email: 'browser@example.com' })
  expect(session).not.toHaveProperty('sessionToken')
  const out = await b.json('/api/auth/sign-out', {})
  expect(out.status).toBe(200)
  expect(await (await b.get('/api/auth/get-session')).json()).toBeNull()
  // The session itself ended, not only the cookie.
  const me = await t.fetch(`${TEST_URL}/trpc/auth.signOut`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${session.accessToken}` },
    body: '{"json":{}}',
  })
  expect(me.status).toBe(200)
  expect(
    await t.deps
      .sql`select 1 from sessions s join users u on u.id = s.user_id where u.email = 'browser@example.com'`,
  ).toHaveLength(0)

  const wrong = await b.json('/api/auth/sign-in/email', {
    email: 'browser@example.com',
    password: 'wrong one',
  })
  expect(wrong.status).toBe(401)
  const right = await b.json('/api/auth/sign-in/email', {
    email: 'browser@example.com',
    password: 'correct horse',
  })
  expect(right.status).toBe(200)
  expect(await (await b.get('/api/auth/get-session')).json()).toMatchObject({
    user: { emailVerified: false },
  })
})

test('a cookie that was meddled with signs nobody in', async () => {
  const b = browser()
  await b.json('/api/auth/sign-up/email', {
    email: 'cookie@example.com',
    password: 'correct horse',
    name: 'B',
  })
  const [[name = '', value = ''] = []] = [...b.jar]
  const [token = '', signature = ''] = decodeURIComponent(value).split('.')
  for (const forged of [token, `${token}.`, `${token}x.${signature}`, `${token}.${signature.slice(1)}x`]) {
    b.jar.set(name, encodeURIComponent(forged))
    expect(await (await b.get('/api/auth/get-session')).json(), forged).toBeNull()
  }
})

test('social sign-in leads to the provider with a state, and only back to us', async () => {
  const b = browser()
  const start = await b.json('/api/auth/sign-in/social', { provider: 'github', callbackURL: '/device' })
  const { url } = (await start.json()) as { url: string }
  const target = new URL(url)
  expect(target.origin + target.pathname).toBe('https://github.com/login/oauth/authorize')
  expect(target.searchParams.get('redirect_uri')).toBe(`${TEST_URL}/api/auth/callback/github`)
  expect(target.searchParams.get('state')?.length).toBeGreaterThan(20)
  const elsewhere = await b.json('/api/auth/sign-in/social', {
    provider: 'github',
    callbackURL: 'https://attacker.test/',
  })
  expect(elsewhere.status).toBe(403)
  const unset = await b.json('/api/auth/sign-in/social', { provider: 'google', callbackURL: '/device' })
  expect(unset.status).toBe(404)

  const page = await (await b.get('/device')).text()
  expect(page).toContain('Continue with GitHub')
  expect(page).not.toContain('Continue with Google')
  const byForm = await b.form('/device/social', { provider: 'github', userCode: 'BCDF-GHJK' })
  expect(byForm.status).toBe(303)
  expect(byForm.headers.get('location')).toContain('https://github.com/login/oauth/authorize')
})
