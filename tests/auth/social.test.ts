import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'
import { mailedToken } from './support.ts'

// Sign-in with GitHub, whose two answers (token, profile) are stood in for; everything else is the engine's own.

let t: TestApp
beforeAll(async () => {
  t = await createTestApp({ env: { GITHUB_CLIENT_ID: 'github-app', GITHUB_CLIENT_SECRET: 'github-secret' } })
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})
afterEach(() => {
  vi.unstubAllGlobals()
})

interface Profile {
  id: number
  email: string
  verified: boolean
}

function standInForGithub(profile: Profile): string[] {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (input: string | URL | Request) => {
    const url = new URL(input instanceof Request ? input.url : input)
    asked.push(url.pathname)
    switch (url.pathname) {
      case '/login/oauth/access_token':
        return Response.json({
          access_token: 'gho_token-of-github',
          token_type: 'bearer',
          scope: 'user:email',
        })
      case '/user':
        return Response.json({ id: profile.id, login: 'octocat', name: 'Octo Cat', email: profile.email })
      case '/user/emails':
        return Response.json([{ email: profile.email, primary: true, verified: profile.verified }])
      default:
        throw new Error(`unexpected request to ${url.href}`)
    }
  })
  return asked
}

/** Walks through sign-in with the stand-in. @returns where it leads in the end, and the session cookie */
async function signInWithGithub(profile: Profile) {
  const start = await t.fetch(`${TEST_URL}/api/auth/sign-in/social`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: TEST_URL },
    body: JSON.stringify({ provider: 'github', callbackURL: '/device?user_code=BCDF-GHJK' }),
  })
  const { url } = (await start.json()) as { url: string }
  const cookie = start.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const state = new URL(url).searchParams.get('state')
  standInForGithub(profile)
  const back = await t.fetch(`${TEST_URL}/api/auth/callback/github?code=the-code&state=${state}`, {
    headers: { cookie },
  })
  const session = back.headers.getSetCookie().find((line) => line.includes('session_token'))
  return { location: back.headers.get('location') ?? '', session: session?.split(';')[0], cookie, state }
}

const whoIs = async (cookie: string | undefined) => {
  const response = await t.fetch(`${TEST_URL}/api/auth/get-session`, { headers: cookie ? { cookie } : {} })
  return ((await response.json()) as { user: { id: string; email: string; emailVerified: boolean } } | null)
    ?.user
}

test('makes an account, signs in, and comes back to where it started', async () => {
  const first = await signInWithGithub({ id: 1, email: 'Octo@example.com', verified: true })
  expect(first.location).toBe('/device?user_code=BCDF-GHJK')
  const user = await whoIs(first.session)
  expect(user).toMatchObject({ email: 'octo@example.com', emailVerified: true })
  expect(user?.id).toMatch(/^usr_/)
  const again = await signInWithGithub({ id: 1, email: 'octo@example.com', verified: true })
  expect((await whoIs(again.session))?.id).toBe(user?.id)
  // What GitHub gave is sealed, like every other secret.
  const [row] = await t.deps.sql`select access_token from accounts where user_id = ${user?.id ?? ''}`
  expect(row?.access_token).toBeTruthy()
  expect(row?.access_token).not.toContain('gho_')
  const [session] = await t.deps.sql`select ip_address, token from sessions where user_id = ${user?.id ?? ''}`
  expect(session).toMatchObject({ ip_address: '127.0.0.1', token: expect.stringMatching(/^[0-9a-f]{64}$/) })
})

test('joins a proven account of the same proven address', async () => {
  const person = await signUp(t, { email: 'proven@example.com' })
  await person.forge.auth.verifyEmail({ token: await mailedToken(t, person.email, 'verify-email') })
  const { session } = await signInWithGithub({ id: 2, email: person.email, verified: true })
  expect((await whoIs(session))?.id).toBe(person.id)
})

test('takes over no account whose address is not proven, on either side', async () => {
  const unproven = await signUp(t, { email: 'unproven@example.com' })
  const here = await signInWithGithub({ id: 3, email: unproven.email, verified: true })
  expect(here.session).toBeUndefined()
  expect(here.location).toContain('error=')
  const proven = await signUp(t, { email: 'target@example.com' })
  await proven.forge.auth.verifyEmail({ token: await mailedToken(t, proven.email, 'verify-email') })
  const there = await signInWithGithub({ id: 4, email: proven.email, verified: false })
  expect(there.session).toBeUndefined()
  expect(there.location).toContain('error=')
})

test('a banned account gets no session this way either', async () => {
  const { session } = await signInWithGithub({ id: 5, email: 'banned@example.com', verified: true })
  const user = await whoIs(session)
  await t.deps.sql`update users set banned = true where id = ${user?.id ?? ''}`
  const again = await signInWithGithub({ id: 5, email: 'banned@example.com', verified: true })
  expect(again.session).toBeUndefined()
})

test('a callback without its state, with a used one, or in another browser signs nobody in', async () => {
  const { cookie, state } = await signInWithGithub({ id: 6, email: 'state@example.com', verified: true })
  const attempts: [string, Record<string, string>][] = [
    [`code=the-code&state=${state}`, { cookie }],
    ['code=the-code', { cookie }],
    ['code=the-code&state=made-up', { cookie }],
  ]
  for (const [query, headers] of attempts) {
    standInForGithub({ id: 6, email: 'state@example.com', verified: true })
    const response = await t.fetch(`${TEST_URL}/api/auth/callback/github?${query}`, { headers })
    expect(
      response.headers.getSetCookie().some((line) => /session_token=[^;]/.test(line)),
      query,
    ).toBe(false)
  }
})
