import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Analytics, type AnalyticsOptions, memoryAnalyticsStorage } from '@devforge/sdk/analytics'
import { fileAnalyticsStorage } from '@devforge/sdk/node'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(() => t[Symbol.asyncDispose]())
beforeEach(() => t.deps.sql`delete from analytics_events`)

interface Stored {
  name: string
  properties: Record<string, unknown>
  client: string
  at: Date
}
const stored = async (): Promise<Stored[]> =>
  [
    ...(await t.deps
      .sql`select name, properties, encode(client, 'hex') as client, at from analytics_events order by at, name`),
  ].map((row) => row as unknown as Stored)
const names = async (): Promise<string[]> => (await stored()).map(({ name }) => name)

/** A network that can be cut, answers that can be lost on their way back, and what was sent over it. */
function network() {
  const state = {
    on: true,
    loseAnswers: 0,
    sent: 0,
    headers: [] as Headers[],
    hold: null as Promise<void> | null,
  }
  const fetch: typeof globalThis.fetch = async (input, init) => {
    if (!state.on) throw new TypeError('no route to host')
    state.sent++
    state.headers.push(new Headers(init?.headers))
    if (state.hold) await state.hold
    init?.signal?.throwIfAborted()
    const answer = await t.fetch(input, init)
    if (state.loseAnswers > 0) {
      state.loseAnswers--
      throw new TypeError('connection reset')
    }
    return answer
  }
  return { state, forge: t.forge({ fetch, retries: 0 }) }
}

function create(options: Partial<AnalyticsOptions> = {}) {
  const { state, forge } = network()
  const errors: unknown[] = []
  const analytics = new Analytics({
    forge,
    flushEveryMs: 3_600_000,
    flushAt: 1_000,
    onError: (error) => errors.push(error),
    ...options,
  })
  return { state, analytics, errors }
}

/** One that the user has agreed to. */
async function agreed(options: Partial<AnalyticsOptions> = {}) {
  const made = create(options)
  await made.analytics.setConsent(true)
  return made
}

describe('consent', () => {
  test('without it nothing is kept, written or sent', async () => {
    const storage = memoryAnalyticsStorage()
    const { analytics, state } = create({ storage })
    analytics.track('editor.opened')
    expect(await analytics.flush()).toEqual({ sent: 0, waiting: 0, error: null })
    await analytics.close()
    expect(state.sent).toBe(0)
    expect(await storage.read()).toBeNull()
  })

  test('what happened before it is not told afterwards', async () => {
    const { analytics } = create()
    analytics.track('editor.before')
    await analytics.setConsent(true)
    analytics.track('editor.after')
    await analytics.flush()
    expect(await names()).toEqual(['editor.after'])
  })

  test('what is tracked while the id is still being read is told', async () => {
    const { analytics } = create()
    const opened = analytics.setConsent(true)
    analytics.track('editor.opened')
    await opened
    expect((await analytics.flush()).sent).toBe(1)
  })

  test('withdrawn: the queue and the id are gone, and a new consent makes another id', async () => {
    const storage = memoryAnalyticsStorage()
    const { analytics } = await agreed({ storage })
    analytics.track('editor.opened')
    await analytics.flush()
    analytics.track('editor.secret')
    await analytics.setConsent(false)
    expect(analytics.waiting).toBe(0)
    expect(await storage.read()).toBeNull()
    analytics.track('editor.ignored')
    await analytics.setConsent(true)
    analytics.track('editor.again')
    await analytics.flush()
    const [first, second] = await stored()
    expect([first?.name, second?.name]).toEqual(['editor.opened', 'editor.again'])
    expect(first?.client).not.toBe(second?.client)
  })

  test('withdrawn while a transfer is under way: it is ended, and its rest forgotten', async () => {
    const { analytics, state } = await agreed()
    let release = (): void => {}
    state.hold = new Promise((resolve) => {
      release = resolve
    })
    analytics.track('editor.opened')
    const flushing = analytics.flush()
    await expect.poll(() => state.sent).toBe(1)
    await analytics.setConsent(false)
    release()
    expect(await flushing).toMatchObject({ sent: 0, waiting: 0 })
    expect(await names()).toEqual([])
  })

  test('is followed when another process of the application withdraws it, or gets it anew', async () => {
    const storage = memoryAnalyticsStorage()
    const [one, other] = [await agreed({ storage }), await agreed({ storage })]
    other.analytics.track('editor.old')
    await one.analytics.setConsent(false)
    other.analytics.track('editor.older')
    await other.analytics.close()
    expect(other.analytics.consent).toBe(false)
    expect(await storage.read()).toBeNull()

    const third = await agreed({ storage })
    const fourth = await agreed({ storage })
    fourth.analytics.track('editor.lost')
    await third.analytics.setConsent(false)
    await third.analytics.setConsent(true)
    await fourth.analytics.flush()
    fourth.analytics.track('editor.kept')
    third.analytics.track('editor.kept')
    await Promise.all([third.analytics.flush(), fourth.analytics.flush()])
    const kept = (await stored()).filter(({ name }) => name === 'editor.kept')
    expect(new Set(kept.map(({ client }) => client)).size).toBe(1)
    expect(kept).toHaveLength(2)
  })

  test('one that could not be erased is told, and nothing is sent all the same', async () => {
    const storage = { ...memoryAnalyticsStorage(), clear: () => Promise.reject(new Error('EACCES')) }
    const { analytics, state } = await agreed({ storage })
    analytics.track('editor.opened')
    await expect(analytics.setConsent(false)).rejects.toMatchObject({ code: 'LOCAL_FAILURE' })
    await analytics.flush()
    expect(state.sent).toBe(0)
  })
})

describe('what is told', () => {
  test('no session, no address, no file of anybody', async () => {
    const ada = await signUp(t)
    const { state, forge } = network()
    const signedIn = t.forge({
      fetch: (input, init) => {
        state.headers.push(new Headers(init?.headers))
        return t.fetch(input, init)
      },
    })
    await signedIn.auth.signIn({ email: ada.email, password: ada.password })
    state.headers.length = 0
    const analytics = new Analytics({ forge: signedIn, properties: { platform: 'linux-x64' } })
    await analytics.setConsent(true)
    analytics.track('file.opened', {
      path: '/home/ada/secret.ts',
      mail: ada.email,
      key: 'DF-01234-56789-ABCDE-FGHJK-MNPQR',
      lines: 12,
      dirty: true,
      long: 'x'.repeat(500),
      broken: Number.NaN,
      'not a name': 'x',
    })
    await analytics.flush()
    await analytics.close()
    expect(state.headers.length).toBeGreaterThan(0)
    expect(state.headers.every((headers) => headers.get('authorization') === null)).toBe(true)
    const [event] = await stored()
    expect(event?.properties).toMatchObject({ lines: 12, dirty: true, platform: 'linux-x64', mail: '[mail]' })
    expect(Object.keys(event?.properties ?? {}).sort()).toEqual(
      ['dirty', 'key', 'lines', 'long', 'mail', 'path', 'platform'].sort(),
    )
    // Of what was told: ids are by chance, and may spell anything.
    expect(JSON.stringify(event?.properties)).not.toMatch(/ada|secret\.ts|01234|x{201}/)
    expect(forge).toBeDefined()
  })

  test('a wrong name is told to the application, and nobody else; nothing throws', async () => {
    const { analytics, errors } = await agreed({
      onDropped: () => {
        throw new Error('of the application')
      },
      maxQueue: 1,
    })
    for (const name of ['', 'opened', 'Editor.Opened', 'editor.opened by ada', `a.${'b'.repeat(80)}`]) {
      analytics.track(name)
    }
    // @ts-expect-error programs without types do that
    analytics.track(undefined, null)
    expect(analytics.waiting).toBe(0)
    expect(errors.length).toBe(6)
    analytics.track('editor.one')
    analytics.track('editor.two')
    expect(analytics.waiting).toBe(1)
  })
})

describe('sending', () => {
  test('at once when enough has come together, else after a while', async () => {
    const many = await agreed({ flushAt: 3 })
    for (const n of ['one', 'two', 'three']) many.analytics.track(`editor.${n}`)
    await expect.poll(names).toHaveLength(3)
    const few = await agreed({ flushEveryMs: 50 })
    few.analytics.track('editor.four')
    await expect.poll(names).toHaveLength(4)
  })

  test('more than fit into a batch go in several, oldest first; two calls are one', async () => {
    const { analytics, state } = await agreed()
    for (let n = 0; n < 120; n++) analytics.track('editor.typed', { n })
    const [one, two] = await Promise.all([analytics.flush(), analytics.flush()])
    expect(one).toEqual({ sent: 120, waiting: 0, error: null })
    expect(two).toBe(one)
    expect(state.sent).toBe(3)
    expect(await stored()).toHaveLength(120)
  })

  test('an answer that was lost counts nothing twice', async () => {
    const { analytics, state, errors } = await agreed()
    analytics.track('editor.opened')
    state.loseAnswers = 2
    expect(await analytics.flush()).toMatchObject({ sent: 0, waiting: 1, error: { code: 'NETWORK' } })
    expect(await analytics.flush()).toMatchObject({ sent: 0, waiting: 1 })
    expect(await analytics.flush()).toMatchObject({ sent: 1, waiting: 0, error: null })
    expect(await names()).toEqual(['editor.opened'])
    expect(errors).toHaveLength(2)
  })

  test('without a network events wait, the oldest go when there is no room, and how many went is told', async () => {
    const dropped: number[] = []
    const { analytics, state } = await agreed({ maxQueue: 5, onDropped: (events) => dropped.push(events) })
    state.on = false
    for (let n = 0; n < 8; n++) analytics.track('editor.typed', { n })
    expect(await analytics.flush()).toMatchObject({ waiting: 5, error: { code: 'NETWORK' } })
    expect(analytics.dropped).toBe(3)
    expect(dropped).toEqual([1, 1, 1])
    state.on = true
    await analytics.flush()
    expect((await stored()).map(({ properties }) => properties.n).sort()).toEqual([3, 4, 5, 6, 7])
  })

  test('comes back by itself when the network does, no sooner than agreed', async () => {
    const { analytics, state } = await agreed({ flushAt: 1 })
    state.on = false
    analytics.track('editor.opened')
    await expect.poll(() => analytics.flush().then(({ error }) => error?.code)).toBe('NETWORK')
    state.on = true
    state.sent = 0
    analytics.track('editor.again')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(state.sent).toBe(0)
    await expect.poll(names, { timeout: 15_000 }).toHaveLength(2)
    await analytics.close()
  }, 20_000)

  test('events that are too old, or refused, are given up and told, and do not stand in the way', async () => {
    let nowMs = Date.now() - 40 * 86_400_000
    const { analytics } = await agreed({ now: () => nowMs })
    analytics.track('editor.old')
    nowMs = Date.now() + 3_600_000
    analytics.track('editor.future')
    nowMs = Date.now()
    analytics.track('editor.now')
    expect(await analytics.flush()).toEqual({ sent: 1, waiting: 0, error: null })
    expect(analytics.dropped).toBe(2)
    expect(await names()).toEqual(['editor.now'])
  })

  test('the rest of a batch is sent when the server refuses what an event says', async () => {
    const storage = memoryAnalyticsStorage()
    const first = await agreed({ storage })
    first.analytics.track('editor.good')
    first.state.on = false
    await first.analytics.close()
    // Written by another version, which took other names.
    const record = JSON.parse((await storage.read()) ?? '')
    record.events.push({ id: crypto.randomUUID(), name: 'Not A Name', atMs: Date.now(), properties: {} })
    await storage.write(JSON.stringify(record))
    const { analytics } = await agreed({ storage })
    expect(await analytics.flush()).toEqual({ sent: 1, waiting: 0, error: null })
    expect(analytics.dropped).toBe(1)
    expect(await names()).toEqual(['editor.good'])
  })
})

describe('storage', () => {
  test('what could not be sent is sent after the next start, from a file for its owner alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'devforge-analytics-'))
    try {
      const file = join(folder, 'analytics.json')
      const first = await agreed({ storage: fileAnalyticsStorage({ file }) })
      first.analytics.track('editor.opened')
      await first.analytics.flush()
      first.state.on = false
      first.analytics.track('editor.closed')
      await first.analytics.close({ timeoutMs: 500 })
      expect(await readFile(file, 'utf8')).toContain('editor.closed')
      expect((await stat(file)).mode & 0o077).toBe(0)
      const second = await agreed({ storage: fileAnalyticsStorage({ file }) })
      expect(await second.analytics.flush()).toEqual({ sent: 1, waiting: 0, error: null })
      await second.analytics.close()
      expect(await readFile(file, 'utf8')).not.toContain('editor.')
      const events = await stored()
      expect(events.map(({ name }) => name)).toEqual(['editor.opened', 'editor.closed'])
      expect(events[0]?.client).toBe(events[1]?.client)
      await second.analytics.setConsent(false)
      await expect(stat(file)).rejects.toThrow('ENOENT')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('a crash loses what came within the last moment, no more', async () => {
    const storage = memoryAnalyticsStorage()
    const { analytics, state } = await agreed({ storage })
    state.on = false
    analytics.track('editor.opened')
    await expect.poll(() => storage.read()).toContain('editor.opened')
  })

  test('two processes on one storage: everything is told, nothing twice', async () => {
    const storage = memoryAnalyticsStorage()
    const processes = [await agreed({ storage }), await agreed({ storage })]
    for (let n = 0; n < 40; n++) {
      for (const [index, { analytics }] of processes.entries()) analytics.track('editor.typed', { n, index })
      if (n % 10 === 0) await Promise.all(processes.map(({ analytics }) => analytics.flush()))
    }
    // A third one starts while both have something waiting, and takes that up, too.
    await new Promise((resolve) => setTimeout(resolve, 600))
    processes.push(await agreed({ storage }))
    expect(processes[2]?.analytics.waiting).toBeGreaterThan(0)
    await Promise.all(processes.map(({ analytics }) => analytics.close()))
    const events = await stored()
    expect(events).toHaveLength(80)
    expect(new Set(events.map(({ properties }) => JSON.stringify(properties))).size).toBe(80)
    expect(new Set(events.map(({ client }) => client)).size).toBe(1)
    expect(JSON.parse((await storage.read()) ?? '').events).toEqual([])
  })

  test('a full disk loses nothing while the application runs; a broken file begins anew', async () => {
    const storage = {
      read: async () => '{"version":1,"clientId":"x","events":"oh"}',
      write: () => Promise.reject(new Error('ENOSPC')),
      clear: async () => {},
    }
    const { analytics, errors } = await agreed({ storage })
    analytics.track('editor.opened')
    expect(await analytics.flush()).toMatchObject({ sent: 1 })
    expect(analytics.consent).toBe(true)
    expect(String(errors[0])).toContain('ENOSPC')
    expect(await names()).toEqual(['editor.opened'])
  })

  test('after close nothing is taken any more, and a silent server does not hold it up', async () => {
    const { analytics, state } = await agreed()
    state.hold = new Promise(() => {})
    analytics.track('editor.opened')
    const started = performance.now()
    await analytics.close({ timeoutMs: 200 })
    expect(performance.now() - started).toBeLessThan(1_500)
    analytics.track('editor.late')
    expect(analytics.waiting).toBe(1)
  })
})
