import { createDevForge, DevForgeError } from '@devforge/sdk'
import { describe, expect, test } from 'vitest'
import { KEY, MINUTE, signingKey } from '../sdk/support/authority.ts'
import { createMachine } from '../sdk/support/machine.ts'

type Machine = ReturnType<typeof createMachine>
const offline = () => Promise.reject(new DevForgeError('NETWORK', 'offline'))

/** The person is signed in and takes the trial: only this answer holds its key. */
const startTrial = (machine: Machine) => {
  const { licenses } = machine.authority.forge
  Object.assign(licenses, {
    startTrial: async ({ fingerprint }: { fingerprint: string }) => ({
      key: KEY,
      lease: machine.authority.lease(fingerprint),
    }),
  })
  return machine.manager.startTrial()
}

// What the server gave this once was thrown away because the keys to verify it could not be had at that moment.
describe('a key that was received is kept when its lease cannot be verified yet', () => {
  test.each([
    ['no network for the keys', offline, 'NETWORK'],
    ['keys from before a rotation', async () => ({ keys: [signingKey('lease-0').jwk] }), 'LEASE_INVALID'],
  ])('%s', async (_, broken, code) => {
    const machine = createMachine()
    const { forge, state } = machine.authority
    const { publicKeys } = forge
    forge.publicKeys = broken
    await expect(startTrial(machine)).rejects.toMatchObject({ code })
    expect(machine.manager.check()).toMatchObject({ state: 'none', reason: 'pending', plan: 'free' })
    const { manager, status } = await machine.restart()
    expect(status).toMatchObject({ state: 'none', reason: 'pending', plan: 'free' })
    expect((await manager.sync()).error?.code).toBe(code)
    expect(manager.check().reason).toBe('pending')
    forge.publicKeys = publicKeys
    state.asked.length = 0
    const { status: after, error } = await manager.sync()
    expect([after.state, after.plan, error]).toEqual(['valid', 'pro', null])
    expect(state.asked).toContain('lease')
    await manager.close()
    expect((await machine.manage().load()).state).toBe('valid')
  })

  test('deactivate frees its place and forgets it', async () => {
    const machine = createMachine()
    machine.authority.forge.publicKeys = offline
    await machine.manager.activate(KEY).catch(() => {})
    machine.authority.state.asked.length = 0
    expect(await machine.manager.deactivate()).toMatchObject({ state: 'none', reason: null })
    expect(machine.authority.state.asked).toEqual(['deactivate'])
    expect((await machine.restart()).status).toMatchObject({ state: 'none', reason: null })
  })

  test('a license that works is not given up for it', async () => {
    const machine = createMachine()
    await machine.manager.activate(KEY)
    machine.authority.rotate('lease-2')
    machine.authority.forge.publicKeys = offline
    await expect(machine.manager.activate('DF-00000-00000-00000-00000-00XCR')).rejects.toThrow()
    expect(machine.manager.check()).toMatchObject({ state: 'valid', licenseId: 'lic_1' })
  })

  test('an answer that is wrong for certain is not', async () => {
    const machine = createMachine()
    machine.authority.state.claims = { iss: 'https://evil.test' }
    await expect(machine.manager.activate(KEY)).rejects.toMatchObject({ code: 'LEASE_INVALID' })
    expect(machine.manager.check()).toMatchObject({ state: 'none', reason: null })
    machine.pass(MINUTE)
    expect((await machine.restart()).status).toMatchObject({ state: 'none', reason: null })
  })
})

// A shared cache answered the keys from before a rotation for as long as it liked.
test('the keys are fetched past caches, also by name where one is missing', async () => {
  const asked: { search: string; cache: string | undefined }[] = []
  const machine = createMachine()
  const cached = { keys: [machine.authority.key.jwk] }
  machine.authority.rotate('lease 2')
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { search } = new URL(String(input))
    asked.push({ search, cache: init?.cache })
    return Response.json(search === '' ? cached : { keys: machine.authority.published.map((one) => one.jwk) })
  }
  const { publicKeys } = createDevForge({ url: 'https://forge.test', fetch })
  const manager = machine.manage({ forge: { ...machine.authority.forge, publicKeys } })
  expect((await manager.activate(KEY)).state).toBe('valid')
  expect(asked).toEqual([
    { search: '', cache: 'no-store' },
    { search: '?kid=lease%202', cache: 'no-store' },
  ])
  asked.length = 0
  expect((await publicKeys({ kid: 'lease-1' })).keys).toHaveLength(1)
  expect((await publicKeys()).keys).toHaveLength(1)
  expect(asked.map(({ search }) => search)).toEqual(['', ''])
})
