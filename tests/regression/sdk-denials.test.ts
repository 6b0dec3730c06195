import { describe, expect, test } from 'vitest'
import { deviceOf, KEY, MINUTE } from '../sdk/support/authority.ts'
import { createMachine } from '../sdk/support/machine.ts'

const DEVICE = deviceOf('machine-of-ada')
const entry = (seq: number, kind: 'revoked' | 'reinstated' | 'device_removed') => ({
  seq,
  sub: 'lic_1',
  kind,
  ...(kind === 'device_removed' ? { device: DEVICE } : {}),
})

/** A machine whose lease was signed at sequence 5. */
async function activated() {
  const machine = createMachine()
  const { entries } = machine.authority.state
  entries.push(entry(5, 'revoked'))
  await machine.manager.activate(KEY)
  return {
    ...machine,
    entries,
    /** A sync in which the list alone decides. */
    async hear(...more: ReturnType<typeof entry>[]) {
      entries.push(...more)
      machine.authority.refuse('UNAVAILABLE')
      return (await machine.manager.sync()).status
    },
  }
}

// The latest entry decided whatever its kind, so that reinstating a license gave back the device that was removed from it.
describe('reinstated lifts a revocation and nothing else', () => {
  test.each([
    ['in one list', true],
    ['in two lists', false],
  ])('a device removed before stays removed: %s', async (_, together) => {
    const { hear } = await activated()
    const removed = [entry(6, 'revoked'), entry(7, 'device_removed')]
    if (!together) expect((await hear(...removed.splice(0))).reason).toBe('device_removed')
    const status = await hear(...removed, entry(8, 'reinstated'))
    expect(status).toMatchObject({ state: 'revoked', reason: 'device_removed' })
  })

  test('a device removed stays removed through a revocation that came and went', async () => {
    const { hear } = await activated()
    await hear(entry(6, 'device_removed'))
    expect((await hear(entry(7, 'revoked'))).state).toBe('revoked')
    expect(await hear(entry(8, 'reinstated'))).toMatchObject({ state: 'revoked', reason: 'device_removed' })
  })

  test('a key that the server no longer knows stays unknown', async () => {
    const { manager, authority, hear } = await activated()
    authority.refuse('LICENSE_NOT_FOUND')
    await manager.sync({ force: true })
    await hear(entry(6, 'revoked'))
    expect(await hear(entry(7, 'reinstated'))).toMatchObject({ state: 'revoked', reason: 'key_unknown' })
  })

  test.each(['suspended', 'expired', 'revoked'])('what the server called %s is lifted', async (status) => {
    const { manager, authority, hear } = await activated()
    authority.refuse('LICENSE_NOT_ACTIVE', status)
    expect((await manager.sync({ force: true })).status.reason).toBe(status)
    expect((await hear(entry(6, 'reinstated'))).state).toBe('valid')
  })

  test('a device removed and activated again is good, once its lease knows of all that happened', async () => {
    const { manager, authority, hear } = await activated()
    await hear(entry(6, 'device_removed'), entry(7, 'revoked'))
    authority.state.refusal = null
    // Signed after the device came back and before the license was revoked.
    authority.state.claims = { rev: 6 }
    expect((await manager.sync()).status.state).toBe('revoked')
    authority.state.claims = {}
    expect((await manager.sync()).status.state).toBe('valid')
  })
})

// A denial in the server's own words had no number, so that any lease newer than the one in hand undid it.
describe('a lease from before a denial does not undo it', () => {
  test.each([
    ['LICENSE_NOT_FOUND', undefined, 'key_unknown'],
    ['DEVICE_NOT_FOUND', undefined, 'device_removed'],
    ['LICENSE_NOT_ACTIVE', 'expired', 'expired'],
  ] as const)('%s %s', async (code, serverStatus, reason) => {
    const machine = await activated()
    const { manager, authority } = machine
    machine.pass(MINUTE)
    // Newer than the lease in hand, older than the denial, and held back until after it.
    const heldBack = authority.lease('machine-of-ada')
    machine.pass(MINUTE)
    authority.refuse(code, serverStatus)
    expect((await manager.sync({ force: true })).status.reason).toBe(reason)
    machine.pass(MINUTE)
    const { lease } = authority.forge.licenses
    authority.forge.licenses.lease = async () => ({ lease: heldBack, expiresAt: new Date() })
    expect((await manager.sync({ force: true })).status.reason).toBe(reason)
    expect((await machine.restart()).status.reason).toBe(reason)
    // A lease from after it does, within the same second too.
    authority.forge.licenses.lease = lease
    authority.state.refusal = null
    expect((await manager.sync({ force: true })).status.state).toBe('valid')
  })

  test('nor does one that knows less of the list than was known then', async () => {
    const machine = await activated()
    const { manager, authority, entries } = machine
    entries.push({ seq: 6, sub: 'lic_2', kind: 'revoked' })
    authority.refuse('LICENSE_NOT_FOUND')
    await manager.sync({ force: true })
    authority.state.refusal = null
    machine.pass(MINUTE)
    authority.state.claims = { rev: 5 }
    expect((await manager.sync({ force: true })).status.reason).toBe('key_unknown')
  })
})
