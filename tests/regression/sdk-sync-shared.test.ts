import { DevForgeError } from '@devforge/sdk'
import { expect, test, vi } from 'vitest'
import { KEY, MINUTE } from '../sdk/support/authority.ts'
import { deferred } from '../sdk/support/fake-server.ts'
import { createMachine } from '../sdk/support/machine.ts'

/** An activated machine whose next list of revocations waits for the gate, or for the caller's signal. */
async function waiting() {
  const machine = createMachine()
  await machine.manager.activate(KEY)
  const gate = deferred<void>()
  const { licenses } = machine.authority.forge
  const { revocations } = licenses
  const asked = machine.authority.state.asked
  asked.length = 0
  const wait = (signal: AbortSignal | undefined) =>
    new Promise<void>((resolve, reject) => {
      gate.promise.then(resolve)
      signal?.addEventListener('abort', () => reject(new DevForgeError('ABORTED', 'ended')))
    })
  Object.assign(licenses, {
    revocations: async (input: { since?: number }, options?: { signal?: AbortSignal }) => {
      const answer = await revocations(input)
      await wait(options?.signal)
      return answer
    },
  })
  return { ...machine, asked, gate, begun: () => expect.poll(() => asked.length).toBeGreaterThan(0) }
}

// "Check now" joined the background sync, which did not ask for a lease.
test('a forced sync is forced although a plain one is running', async () => {
  const { manager, asked, gate, begun } = await waiting()
  const plain = manager.sync()
  await begun()
  const forced = [manager.sync({ force: true }), manager.sync({ force: true }), manager.sync()]
  gate.resolve()
  await Promise.all([plain, ...forced])
  expect(asked.filter((name) => name === 'lease')).toHaveLength(1)
  expect(asked.filter((name) => name === 'revocations')).toHaveLength(2)
})

test('a plain sync joins a forced one', async () => {
  const { manager, asked, gate, begun } = await waiting()
  const forced = manager.sync({ force: true })
  await begun()
  const plain = manager.sync()
  gate.resolve()
  await Promise.all([forced, plain])
  expect(asked.filter((name) => name === 'revocations')).toHaveLength(1)
})

// Closing ended the background sync, and with it the sync of a caller who had joined it.
test('a sync that joined the one in the background is not ended by close', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] })
  try {
    const { manager, asked, gate } = await waiting()
    manager.start()
    await vi.advanceTimersByTimeAsync(MINUTE)
    await vi.waitUntil(() => asked.length > 0)
    const mine = manager.sync()
    const closing = manager.close()
    gate.resolve()
    await closing
    expect((await mine).error).toBeNull()
  } finally {
    vi.useRealTimers()
  }
})

test('one’s own signal ends one’s own sync', async () => {
  const { manager, begun } = await waiting()
  const controller = new AbortController()
  const mine = manager.sync({ signal: controller.signal })
  await begun()
  controller.abort()
  expect((await mine).error?.code).toBe('ABORTED')
})
