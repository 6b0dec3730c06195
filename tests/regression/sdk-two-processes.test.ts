import { describe, expect, test } from 'vitest'
import { DAY, KEY, MINUTE } from '../sdk/support/authority.ts'
import { deferred } from '../sdk/support/fake-server.ts'
import { createMachine } from '../sdk/support/machine.ts'

const OTHER_KEY = 'DF-00000-00000-00000-00000-00XCR'

/** Two processes on one file, which both know the same license. */
async function twoProcesses() {
  const machine = createMachine()
  await machine.manager.activate(KEY)
  const other = machine.manage()
  await other.load()
  machine.pass(2 * MINUTE)
  /** The next start of the application. */
  const started = async () => {
    await machine.manager.close()
    return machine.manage().load()
  }
  const activateOther = async () => {
    machine.authority.state.claims = { sub: 'lic_2' }
    await other.activate(OTHER_KEY)
  }
  return { ...machine, other, started, activateOther }
}

// The minute tick and the end of a sync wrote back what the process had read at its start.
describe('what another process stored meanwhile is not written over', () => {
  test('by the tick: activated', async () => {
    const { manager, activateOther, started } = await twoProcesses()
    await activateOther()
    manager.check()
    expect((await started()).licenseId).toBe('lic_2')
    expect(manager.check().licenseId).toBe('lic_2')
  })

  test('by the tick: cleared', async () => {
    const { manager, other, started } = await twoProcesses()
    await other.deactivate()
    manager.check()
    expect((await started()).state).toBe('none')
    expect(manager.check().state).toBe('none')
  })

  test('by the tick: a denial of the same lease', async () => {
    const { manager, other, authority, started } = await twoProcesses()
    authority.refuse('LICENSE_NOT_ACTIVE', 'suspended')
    expect((await other.sync({ force: true })).status.reason).toBe('suspended')
    manager.check()
    expect((await started()).reason).toBe('suspended')
  })

  test.each(['activated', 'cleared'])('by a sync under way: %s', async (how) => {
    const { manager, other, authority, activateOther, started } = await twoProcesses()
    const gate = deferred<void>()
    const { lease } = authority.forge.licenses
    const answer = await lease({ key: KEY, fingerprint: 'machine-of-ada' })
    authority.forge.licenses.lease = () => gate.promise.then(() => answer)
    const syncing = manager.sync({ force: true })
    await expect.poll(() => authority.state.asked.filter((name) => name === 'revocations').length).toBe(1)
    if (how === 'activated') await activateOther()
    else await other.deactivate()
    gate.resolve()
    const { status } = await syncing
    const expected = how === 'activated' ? 'lic_2' : null
    expect(status.licenseId).toBe(expected)
    expect((await started()).licenseId).toBe(expected)
  })

  test('by deactivate: it frees and forgets what is there now', async () => {
    const { manager, authority, activateOther } = await twoProcesses()
    await activateOther()
    const freed: unknown[] = []
    Object.assign(authority.forge.licenses, {
      deactivate: async (input: unknown) => {
        freed.push(input)
        return { deactivated: true }
      },
    })
    await manager.deactivate()
    expect(freed).toMatchObject([{ key: OTHER_KEY }])
  })
})

test('two ticking processes with a wrong clock do not undo what each knows of it', async () => {
  const machine = createMachine()
  machine.local.nowMs -= 40 * DAY
  await machine.manager.activate(KEY)
  const other = machine.manage()
  await other.load()
  await other.sync({ force: true })
  machine.pass(2 * MINUTE)
  expect([other.check().state, machine.manager.check().state]).toEqual(['valid', 'valid'])
  await Promise.all([other.close(), machine.manager.close()])
  machine.pass(2 * MINUTE)
  expect([machine.manager.check().state, other.check().state]).toEqual(['valid', 'valid'])
})

// A full disk forgot a license at the next sync although it is to work until the application ends.
test('a license that could not be written is not given up for the empty file', async () => {
  const storage = {
    read: async () => null,
    write: () => Promise.reject(new Error('ENOSPC')),
    clear: async () => {},
  }
  const { manager } = createMachine({ storage })
  await manager.load()
  await expect(manager.activate(KEY)).rejects.toThrow('ENOSPC')
  expect((await manager.sync()).status.state).toBe('valid')
})
