import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { backoffMs } from '../../sdk/src/client/retry.ts'
import { renewalDelayMs } from '../../sdk/src/offline/renewal.ts'
import { DAY, KEY, MINUTE } from './support/authority.ts'
import { createMachine } from './support/machine.ts'

const HOUR = 60 * MINUTE

describe('renewal in the background', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Lets both clocks and the timers run together, giving signatures, which are checked on real threads, their time. */
  async function run(machine: ReturnType<typeof createMachine>, ms: number) {
    const step = Math.min(ms, 10 * MINUTE)
    for (let passed = 0; passed < ms; passed += step) {
      machine.pass(step)
      await vi.advanceTimersByTimeAsync(step)
      // Waits for its turn, and so for a sync under way.
      await machine.manager.load()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  test('asks soon, then every few hours, and renews the lease in its second week', async () => {
    const machine = createMachine()
    const first = await machine.manager.activate(KEY)
    const { asked } = machine.authority.state
    asked.length = 0
    machine.manager.start()
    await run(machine, MINUTE)
    expect(asked).toEqual(['revocations'])
    await run(machine, 3 * DAY)
    expect(asked.length).toBeGreaterThan(8)
    expect(asked.length).toBeLessThan(20)
    expect(machine.manager.check().expiresAt).toEqual(first.expiresAt)
    await run(machine, 5 * DAY)
    const { expiresAt } = machine.manager.check()
    expect(expiresAt?.getTime()).toBeGreaterThan((first.expiresAt?.getTime() ?? 0) + 6 * DAY)
    await machine.manager.close()
  })

  test('backs off without a network, tells it, and comes back', async () => {
    const machine = createMachine()
    await machine.manager.activate(KEY)
    machine.authority.state.online = false
    const { asked } = machine.authority.state
    asked.length = 0
    machine.manager.start()
    await run(machine, 6 * HOUR)
    // Without backing off it would be hundreds.
    expect(asked.length).toBeGreaterThan(5)
    expect(asked.length).toBeLessThan(14)
    expect(machine.errors.every((error) => (error as { code?: string }).code === 'NETWORK')).toBe(true)
    expect(machine.errors).toHaveLength(asked.length)
    machine.authority.state.online = true
    machine.authority.refuse('LICENSE_NOT_ACTIVE', 'revoked')
    machine.authority.state.entries.push({ seq: 1, sub: 'lic_1', kind: 'revoked' })
    await run(machine, 8 * HOUR)
    expect(machine.manager.check().state).toBe('revoked')
    await machine.manager.close()
  })

  test('tells of the end of a lease while nothing else happens', async () => {
    const machine = createMachine()
    await machine.manager.activate(KEY)
    machine.authority.state.online = false
    const states: string[] = []
    machine.manager.onChange(({ state }) => states.push(state))
    machine.manager.start()
    machine.pass(30 * DAY)
    await run(machine, 2 * MINUTE)
    machine.pass(7 * DAY)
    await run(machine, 2 * MINUTE)
    expect(states).toEqual(['grace', 'expired'])
    await machine.manager.close()
  })

  test.each(['close', 'signal'])('stops by %s, in the middle of an attempt too', async (how) => {
    const machine = createMachine()
    await machine.manager.activate(KEY)
    const controller = new AbortController()
    const { asked } = machine.authority.state
    // Files share a process: what others left ticking is not ours.
    vi.clearAllTimers()
    machine.manager.start({ signal: controller.signal })
    machine.manager.start({ signal: controller.signal })
    await run(machine, MINUTE)
    asked.length = 0
    if (how === 'close') await machine.manager.close()
    else controller.abort()
    await run(machine, DAY)
    expect(asked).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a listener that throws stops nothing', async () => {
    const machine = createMachine()
    machine.manager.onChange(() => {
      throw new Error('in the application')
    })
    const heard: string[] = []
    const stop = machine.manager.onChange(({ state }) => heard.push(state))
    expect((await machine.manager.activate(KEY)).state).toBe('valid')
    expect(heard).toEqual(['valid'])
    expect(machine.errors).toHaveLength(1)
    stop()
    await machine.manager.deactivate()
    expect(heard).toEqual(['valid'])
  })
})

test('delays are jittered and bounded', () => {
  expect(renewalDelayMs(0, () => 0)).toBe(4.5 * HOUR)
  expect(renewalDelayMs(0, () => 1)).toBe(7.5 * HOUR)
  expect(renewalDelayMs(1, () => 0.5)).toBe(MINUTE)
  expect(renewalDelayMs(4, () => 0.5)).toBe(8 * MINUTE)
  expect(renewalDelayMs(1_000, () => 1)).toBe(7.5 * HOUR)
  expect(backoffMs(0, () => 1)).toBe(200)
  expect(backoffMs(3, () => 0.5)).toBe(800)
  expect(backoffMs(1_000, () => 1)).toBe(5_000)
})
