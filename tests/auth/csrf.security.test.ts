import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Person, signUp } from '../support/people.ts'

// Other sites' pages in the browser of somebody who is signed in here.

let t: TestApp
let person: Person
let bearer: Record<string, string>
let cookie: string
beforeAll(async () => {
  t = await createTestApp()
  person = await signUp(t)
  bearer = { authorization: `Bearer ${(await person.forge.session.current())?.accessToken}` }
  const response = await t.fetch(`${TEST_URL}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: TEST_URL },
    body: JSON.stringify({ email: person.email, password: person.password }),
  })
  cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  expect(cookie).toContain('session_token')
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

const nameNow = async (): Promise<string> => (await person.forge.users.me()).name
const post = (path: string, body: string, headers: Record<string, string>) =>
  t.fetch(`${TEST_URL}${path}`, { method: 'POST', body, headers })

const FOREIGN = ['https://attacker.test', 'null', `${TEST_URL}.attacker.test`, 'http://devforge.test:8080']

test('foreign and null origins are refused, everywhere that something changes', async () => {
  for (const origin of FOREIGN) {
    const json = { 'content-type': 'application/json', origin }
    const form = { 'content-type': 'application/x-www-form-urlencoded', origin, cookie }
    const answers = [
      await post('/trpc/users.update', JSON.stringify({ json: { name: 'Stolen' } }), { ...json, ...bearer }),
      await post('/api/auth/sign-in/email', JSON.stringify({ email: 'a@b.de', password: 'x' }), json),
      await post('/api/auth/sign-in/social', JSON.stringify({ provider: 'github' }), json),
      await post('/api/auth/sign-out', '{}', { ...json, cookie }),
      await post('/device', 'userCode=BCDF-GHJK&decision=approve', form),
      await post('/verify-email', 'token=abcdefghijklmnopqrstuvwxyz', form),
      await post('/reset-password', 'token=abcdefghijklmnopqrstuvwxyz&password=correct+horse', form),
    ]
    expect(
      answers.map((answer) => answer.status),
      origin,
    ).toEqual(answers.map(() => 403))
    for (const answer of answers) expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  }
  expect(await nameNow()).toBe(person.name)
})

test('where a cookie speaks for the person, a missing origin is refused, too', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded', cookie }
  expect((await post('/device', 'userCode=BCDF-GHJK&decision=approve', form)).status).toBe(403)
  const json = { 'content-type': 'application/json', cookie }
  expect((await post('/api/auth/sign-out', '{}', json)).status).toBe(403)
  expect((await post('/api/auth/sign-in/email', '{}', json)).status).toBe(403)
})

test('bodies that a form of another site could send are refused', async () => {
  const body = JSON.stringify({ json: { name: 'Stolen' } })
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const response = await post('/trpc/users.update', body, { 'content-type': type, ...bearer })
    expect(response.status, type).toBe(415)
    const signIn = await post(
      '/api/auth/sign-in/email',
      JSON.stringify({ email: person.email, password: person.password }),
      { 'content-type': type, origin: TEST_URL },
    )
    expect(signIn.status, type).toBe(415)
  }
  expect(await nameNow()).toBe(person.name)
})

test('a GET changes nothing', async () => {
  const input = encodeURIComponent(JSON.stringify({ json: { name: 'Stolen' } }))
  const response = await t.fetch(`${TEST_URL}/trpc/users.update?input=${input}`, { headers: bearer })
  expect(response.status).toBe(405)
  for (const path of ['/api/auth/sign-out', '/api/auth/sign-in/email']) {
    const answer = await t.fetch(`${TEST_URL}${path}`, { headers: { cookie } })
    expect(answer.status, path).toBe(404)
  }
  expect(await nameNow()).toBe(person.name)
})

test('a cookie alone opens no procedure', async () => {
  const response = await post('/trpc/users.update', JSON.stringify({ json: { name: 'Stolen' } }), {
    'content-type': 'application/json',
    origin: TEST_URL,
    cookie,
  })
  expect(response.status).toBe(401)
})

test('the rest of the engine is closed', async () => {
  const closed = [
    '/request-password-reset',
    '/reset-password',
    '/forget-password',
    '/send-verification-email',
    '/change-password',
    '/change-email',
    '/update-user',
    '/update-session',
    '/delete-user',
    '/set-password',
    '/verify-password',
    '/revoke-session',
    '/revoke-sessions',
    '/revoke-other-sessions',
    '/link-social',
    '/unlink-account',
    '/refresh-token',
    '/get-access-token',
    '/list-sessions',
    '/list-accounts',
    '/account-info',
    '/verify-email',
    '/sign-in/oauth2',
    '/../auth/update-user',
    '/sign-in/email/',
    '//update-user',
  ]
  for (const path of closed) {
    for (const method of ['GET', 'POST']) {
      const response = await t.fetch(`${TEST_URL}/api/auth${path}`, {
        method,
        headers: { 'content-type': 'application/json', origin: TEST_URL, cookie },
        ...(method === 'POST' ? { body: '{"name":"Stolen"}' } : {}),
      })
      expect(response.status, `${method} ${path}`).toBe(404)
    }
  }
  expect(await nameNow()).toBe(person.name)
})
