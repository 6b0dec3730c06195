import { createDevForge, type DevForgeOptions, memorySessionStore, type StoredSession } from '@devforge/sdk'
import { describe, expect, test } from 'vitest'
import { type Answer, type Arrived, answer, deferred, fakeServer, refuse } from './support/fake-server.ts'

const MINUTE = 60_000
const user = { id: 'usr_1', email: 'ada@example.com', name: 'Ada' }

/** An access token with nothing but times in it. */
function token(name: string, issuedAtMs = Date.now(), lifeMs = 10 * MINUTE): string {
  const claims = { iat: issuedAtMs / 1_000, exp: (issuedAtMs + lifeMs) / 1_000, name }
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`
}

const stored = (over: Partial<StoredSession> = {}): StoredSession => ({
  sessionToken: 'session-token-of-ada',
  accessToken: 'old',
  accessTokenExpiresAtMs: Date.now() + 5 * MINUTE,
  user,
  ...over,
})

const grant = (accessToken: string) =>
  answer({
    user,
    sessionToken: 'session-token-of-ada',
    accessToken,
    accessTokenExpiresAt: new Date(Date.now() + 10 * MINUTE),
  })

/** A server that takes only `good` tokens and refreshes by the given answer. */
function guarded(good: string, refresh: (call: Arrived) => Answer | Promise<Answer>) {
  return fakeServer((call) => {
    if (call.path === 'auth.refresh') return refresh(call)
    if (call.path === 'payments.plans') return answer({ items: [] })
    return call.token === good ? answer({ id: user.id }) : refuse('AUTH_REQUIRED', 401)
  })
}

const client = (
  server: { fetch: typeof fetch },
  session: StoredSession | null,
  options: Partial<DevForgeOptions> = {},
) => {
  const store = memorySessionStore(session)
  return {
    store,
    forge: createDevForge({ url: 'https://forge.test', fetch: server.fetch, session: store, ...options }),
  }
}
const refreshes = (server: { calls: Arrived[] }) =>
  server.calls.filter((call) => call.path === 'auth.refresh').length

describe('the session', () => {
  test('is kept from sign-in on, and goes along with calls', async () => {
    const access = token('first')
    const server = fakeServer((call) =>
      call.path === 'auth.signIn' ? grant(access) : answer({ id: 'usr_1' }),
    )
    const { forge, store } = client(server, null)
    const heard: (string | undefined)[] = []
    forge.session.onChange((session) => heard.push(session?.user.name))
    await forge.auth.signIn({ email: user.email, password: 'correct horse battery' })
    await forge.users.me()
    expect(server.calls.map((call) => call.token)).toEqual([null, access])
    expect(await store.get()).toMatchObject({ accessToken: access, user })
    expect(await forge.session.current()).toMatchObject({ user })
    await forge.auth.signOut()
    expect(await store.get()).toBeNull()
    expect(heard).toEqual(['Ada', undefined])
  })

  test('is refreshed before it ends, once for all calls that wait', async () => {
    const fresh = token('fresh')
    const server = guarded(fresh, () => grant(fresh))
    const { forge } = client(server, stored({ accessTokenExpiresAtMs: Date.now() + 10_000 }))
    await Promise.all(Array.from({ length: 20 }, () => forge.users.me()))
    expect(refreshes(server)).toBe(1)
    expect(
      server.calls.filter((call) => call.path === 'users.me').every((call) => call.token === fresh),
    ).toBe(true)
  })

  test('is refreshed once when the server refuses the token, and the calls go again, mutations too', async () => {
    const fresh = token('fresh')
    const server = guarded(fresh, () => grant(fresh))
    const { forge } = client(server, stored())
    await Promise.all([forge.users.me(), forge.users.update({ name: 'Ada B.' }), forge.licenses.list()])
    expect(refreshes(server)).toBe(1)
    await forge.users.me()
    expect(refreshes(server)).toBe(1)
  })

  test('a server that refuses the new token as well is not asked for ever', async () => {
    const server = guarded('never', () => grant(token('fresh')))
    const { forge, store } = client(server, stored())
    await expect(forge.users.me()).rejects.toMatchObject({ code: 'AUTH_REQUIRED' })
    expect(refreshes(server)).toBe(1)
    expect(await store.get()).not.toBeNull()
  })

  test('ends when the server says so: the client is signed out and tells it', async () => {
    const server = guarded('never', () => refuse('AUTH_SESSION_ENDED', 401))
    const { forge, store } = client(server, stored())
    const heard: unknown[] = []
    forge.session.onChange((session) => heard.push(session))
    await expect(forge.users.me()).rejects.toMatchObject({ code: 'AUTH_SESSION_ENDED' })
    expect(await store.get()).toBeNull()
    expect(heard).toEqual([null])
    await expect(forge.users.me()).rejects.toMatchObject({ code: 'AUTH_REQUIRED' })
  })

  test('an ended session does not stand in the way of what anybody may call', async () => {
    const server = guarded('never', () => refuse('AUTH_SESSION_ENDED', 401))
    const { forge } = client(server, stored({ accessTokenExpiresAtMs: 0 }))
    expect(await forge.payments.plans()).toEqual({ items: [] })
    const { forge: other } = client(server, stored({ accessTokenExpiresAtMs: 0 }))
    await expect(other.users.me()).rejects.toMatchObject({ code: 'AUTH_SESSION_ENDED' })
  })

  test.each([
    ['no network', () => Promise.reject(new TypeError('fetch failed')), 'NETWORK'],
    ['a busy server', () => refuse('UNAVAILABLE', 503), 'UNAVAILABLE'],
    ['a fault of the server', () => refuse('INTERNAL', 500), 'INTERNAL'],
  ] as const)('%s during a refresh signs nobody out', async (_, refresh, code) => {
    const server = guarded('never', refresh)
    const { forge, store } = client(server, stored({ accessTokenExpiresAtMs: 0 }), { retries: 0 })
    await expect(forge.users.me()).rejects.toMatchObject({ code })
    expect(await store.get()).toMatchObject({ sessionToken: 'session-token-of-ada' })
  })

  test('a refresh that fails ahead of time is no matter while the old token is good', async () => {
    const server = guarded('old', () => refuse('UNAVAILABLE', 503))
    const { forge } = client(server, stored({ accessTokenExpiresAtMs: Date.now() + 10_000 }))
    expect(await forge.users.me()).toEqual({ id: user.id })
  })

  test('signing out during a refresh is not undone by its answer', async () => {
    const gate = deferred<void>()
    const server = fakeServer(async (call) => {
      if (call.path !== 'auth.refresh')
        return call.path === 'auth.signOut' ? answer({ ok: true }) : refuse('AUTH_REQUIRED', 401)
      await gate.promise
      return grant(token('fresh'))
    })
    const { forge, store } = client(server, stored({ accessTokenExpiresAtMs: 0 }))
    const me = forge.users.me().catch((error: unknown) => error)
    await expect.poll(() => refreshes(server)).toBe(1)
    await forge.auth.signOut()
    gate.resolve()
    expect(await me).toMatchObject({ code: 'AUTH_REQUIRED' })
    expect(await store.get()).toBeNull()
  })

  test('two people never share a request', async () => {
    const server = fakeServer(() => answer({ id: 'x' }))
    const { forge, store } = client(server, stored({ accessToken: 'of-ada' }))
    const first = forge.users.me()
    await Promise.resolve()
    await store.set(stored({ sessionToken: 'session-of-bob', accessToken: 'of-bob' }))
    await Promise.all([first, forge.users.me()])
    const tokens = server.calls.map((call) => [call.request, call.token])
    expect(new Set(tokens.map(([request]) => request)).size).toBe(
      new Set(tokens.map(([, name]) => name)).size,
    )
  })

  test('a clock that is years off does not refresh before every call', async () => {
    // The server lives in 2020: by its own words the token has long ended on this machine.
    const then = Date.UTC(2020, 0, 1)
    const fresh = token('fresh', then)
    const server = guarded(fresh, () =>
      answer({
        user,
        sessionToken: 's',
        accessToken: fresh,
        accessTokenExpiresAt: new Date(then + 10 * MINUTE),
      }),
    )
    const { forge } = client(server, stored({ sessionToken: 's', accessTokenExpiresAtMs: 0 }))
    await forge.users.me()
    await forge.users.me()
    expect(refreshes(server)).toBe(1)
  })

  test('an API token is never refreshed', async () => {
    const server = guarded('never', () => grant(token('fresh')))
    const { forge } = client(server, stored(), { apiToken: 'dfp_x' })
    await expect(forge.users.me()).rejects.toMatchObject({ code: 'AUTH_REQUIRED' })
    expect(server.calls.map((call) => [call.path, call.token])).toEqual([['users.me', 'dfp_x']])
  })
})
