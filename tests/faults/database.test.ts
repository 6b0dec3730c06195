import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EmbeddedPostgres, startEmbedded } from '@devforge/db/embedded'
import { isDevForgeError } from '@devforge/sdk'
import { expect, test } from 'vitest'
import { failure } from '../support/errors.ts'
import { TEST_MS, until } from './until.ts'
import { type Customer, checkoutOfPro, createWorld, ONCE, pay, settledBooks, type World } from './world.ts'

/** One that goes on writing, one write after the other, and remembers what was acknowledged. */
function writer(person: Customer) {
  const codes = new Set<string>()
  let acknowledged = 0
  let refused = 0
  let slowestRefusalMs = 0
  let going = true
  const done = (async () => {
    for (let n = 1; going; n++) {
      const startedAt = performance.now()
      try {
        await person.forge.users.update({ name: `write ${n}` })
        acknowledged = n
      } catch (error) {
        codes.add(isDevForgeError(error) ? error.code : String(error))
        refused++
        slowestRefusalMs = Math.max(slowestRefusalMs, performance.now() - startedAt)
        await sleep(20)
      }
    }
  })()
  return {
    codes,
    person,
    get acknowledged() {
      return acknowledged
    },
    get refused() {
      return refused
    },
    get slowestRefusalMs() {
      return slowestRefusalMs
    },
    async stop() {
      going = false
      await done
    },
  }
}

const readiness = async (world: World): Promise<number> => (await fetch(`${world.url}/health/ready`)).status

// Guards: no acknowledged write is lost, every failure is one that a client knows to repeat, and the server finds its database
// again by itself: requests, worker and the queue's own connections.
test('PostgreSQL crashes under load and comes back: UNAVAILABLE meanwhile, then all is well, without a restart', {
  timeout: TEST_MS,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'devforge-faults-postgres-'))
  let postgres: EmbeddedPostgres | undefined
  try {
    // Durable: what a crash of a database without fsync keeps says nothing.
    postgres = await startEmbedded({ dir: folder, port: 0, durable: true })
    const { port } = postgres
    await using world = await createWorld({ databaseUrl: postgres.url })
    const server = await world.start()
    const ada = await world.signUp()
    const checkout = await checkoutOfPro(ada)
    const writers = [ada, await world.signUp(), await world.signUp(), await world.signUp()].map(writer)
    await until('everybody has written', () => writers.every(({ acknowledged }) => acknowledged >= 5))

    process.kill(postgres.pid, 'SIGKILL')
    await until('it is not ready any more', async () => (await readiness(world)) === 503)
    expect((await fetch(`${world.url}/health/live`)).status).toBe(200)
    expect(await failure(ada.forge.payments.list())).toBe('UNAVAILABLE')
    // Paid while the database is away: Stripe's deliveries are refused, and come again.
    world.stripe.deliveries.length = 0
    await pay(world, checkout.url)
    await until('a delivery was refused', () => world.stripe.deliveries.length > 0)
    expect(world.stripe.deliveries.every((status) => status >= 500)).toBe(true)

    // Guards: nobody waits for a database that is away, however long it has been.
    await until('everybody was refused again and again', () => writers.every(({ refused }) => refused >= 8))
    expect(Math.max(...writers.map(({ slowestRefusalMs }) => slowestRefusalMs))).toBeLessThan(5_000)

    const acknowledgedBefore = writers.map(({ acknowledged }) => acknowledged)
    await postgres.stop()
    postgres = await startEmbedded({ dir: folder, port, durable: true })
    expect(postgres.port).toBe(port)
    await until('it is ready again', async () => (await readiness(world)) === 200)
    await until('everybody writes again', () =>
      writers.every(({ acknowledged }, index) => acknowledged > (acknowledgedBefore[index] ?? 0)),
    )
    for (const one of writers) {
      await one.stop()
      const { name } = await one.person.forge.users.me()
      expect(Number(name.split(' ')[1])).toBeGreaterThanOrEqual(one.acknowledged)
      expect([...one.codes].filter((code) => code !== 'UNAVAILABLE')).toEqual([])
    }
    expect(await settledBooks(world, ada)).toEqual(ONCE)
    // It was the same process all the time.
    expect(server.log.some(({ msg }) => msg === 'shutting down')).toBe(false)
    process.kill(server.pid, 0)
  } finally {
    await postgres?.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
