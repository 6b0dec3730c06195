import { createDevForge, memorySessionStore, type SessionStore } from '@devforge/sdk'
import { expect, test } from 'vitest'
import { KEY } from '../sdk/support/authority.ts'
import { answer, fakeServer, refuse } from '../sdk/support/fake-server.ts'
import { createMachine } from '../sdk/support/machine.ts'

const input = { key: KEY, fingerprint: 'machine-1' }

const brokenStore: SessionStore = {
  get: () => Promise.reject(new Error('keychain locked')),
  set: () => Promise.reject(new Error('keychain locked')),
  clear: () => Promise.reject(new Error('keychain locked')),
}
const signedIn = memorySessionStore({
  sessionToken: 's',
  accessToken: 'a',
  accessTokenExpiresAtMs: 0,
  user: { id: 'usr_1', email: 'ada@example.com', name: 'Ada' },
})

// A locked keychain, or a refresh that failed, kept a paid license from being renewed.
test.each([
  ['a store that throws', { session: brokenStore }],
  ['a session that ended', { session: signedIn }],
  ['an API token', { apiToken: 'dfp_x' }],
])('what anybody may call goes without a token: %s', async (_, identity) => {
  const server = fakeServer((call) =>
    call.path === 'auth.refresh' ? refuse('UNAVAILABLE', 503) : answer({ ok: true }),
  )
  const forge = createDevForge({ url: 'https://forge.test', fetch: server.fetch, retries: 0, ...identity })
  await forge.licenses.validate({ key: KEY })
  await forge.licenses.activate(input)
  await forge.licenses.lease(input)
  await forge.licenses.revocations({ since: 0 })
  await forge.licenses.deactivate(input)
  await forge.payments.plans()
  expect(server.calls.map((call) => [call.path, call.token])).toEqual([
    ['licenses.validate', null],
    ['licenses.activate', null],
    ['licenses.lease', null],
    ['licenses.revocations', null],
    ['licenses.deactivate', null],
    ['payments.plans', null],
  ])
})

test('a device of one’s own is freed with the session', async () => {
  const server = fakeServer(() => answer({ deactivated: true }))
  const forge = createDevForge({ url: 'https://forge.test', fetch: server.fetch, apiToken: 'dfp_x' })
  await forge.licenses.deactivate({ deviceId: 'dev_1' })
  expect(server.calls.map((call) => call.token)).toEqual(['dfp_x'])
})

test('a session store that throws is an error of the SDK, with its cause', async () => {
  const server = fakeServer(() => answer({ ok: true }))
  const forge = createDevForge({ url: 'https://forge.test', fetch: server.fetch, session: brokenStore })
  const expected = { name: 'DevForgeError', code: 'LOCAL_FAILURE', cause: new Error('keychain locked') }
  await expect(forge.users.me()).rejects.toMatchObject(expected)
  await expect(forge.session.current()).rejects.toMatchObject(expected)
})

test('sync rejects for nothing, not for what the application’s own client throws either', async () => {
  const machine = createMachine()
  await machine.manager.activate(KEY)
  const before = machine.manager.check()
  machine.authority.forge.licenses.revocations = () => Promise.reject(new TypeError('not ours'))
  const { status, error } = await machine.manager.sync()
  expect(status).toBe(before)
  expect(error).toMatchObject({ name: 'DevForgeError', code: 'LOCAL_FAILURE' })
})
