import { setTimeout as sleep } from 'node:timers/promises'
import { createDevForge, type DevForgeOptions, isDevForgeError, type Output } from '@devforge/sdk'
import { parseEnv } from '@devforge/server/env'
import { createLog } from '@devforge/server/log'
import { MAX_STREAMS_PER_ACCOUNT } from '@devforge/server/realtime/hub'
import { type RunningServer, startServer } from '@devforge/server/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Person, signUp } from '../support/people.ts'
import { createTcpProxy, throughProxy } from '../support/tcp-proxy.ts'
import { insertSubmission, moveSubmission } from './support/submissions.ts'

type State = Output<'marketplace.onSubmission'>

let t: TestApp
let author: Person
beforeAll(async () => {
  t = await createTestApp()
  author = await signUp(t)
})
afterAll(() => t[Symbol.asyncDispose]())

/** Reads a stream in the background. */
function collect(stream: AsyncIterable<State>) {
  const states: State[] = []
  const done = (async () => {
    for await (const state of stream) states.push(state)
  })()
  done.catch(() => {})
  return {
    done,
    states,
    get statuses() {
      return states.map(({ status }) => status)
    },
  }
}

const ALL = ['received', 'scanning', 'needs_review', 'approved', 'published'] as const
const SOON = { timeout: 5_000, interval: 20 }

describe('the states of a submission', () => {
  test('those that were, then those that come, then the end', async () => {
    const id = await insertSubmission(t.deps, author.id)
    await moveSubmission(t.deps, id, 'scanning')
    const heard = collect(author.forge.marketplace.onSubmission({ id }))
    await expect.poll(() => heard.statuses, SOON).toEqual(['received', 'scanning'])
    await moveSubmission(t.deps, id, 'needs_review', 'a first extension')
    await expect.poll(() => heard.statuses.at(-1), SOON).toBe('needs_review')
    await moveSubmission(t.deps, id, 'approved')
    await moveSubmission(t.deps, id, 'published')
    await heard.done
    expect(heard.statuses).toEqual(ALL)
    expect(heard.states[2]).toMatchObject({ reason: 'a first extension', at: expect.any(Date) })
    expect(t.deps.realtime.openStreams).toBe(0)
    // Over: told again from the start, and ended at once.
    const again = collect(author.forge.marketplace.onSubmission({ id }))
    await again.done
    expect(again.statuses).toEqual(ALL)
  })

  test('long histories come whole and in order', async () => {
    const id = await insertSubmission(t.deps, author.id)
    await t.deps.sql`
      insert into submission_events (submission_id, status, actor, at)
      select ${id}, 'scan_failed', 'test', now() from generate_series(1, 250)`
    const heard = collect(author.forge.marketplace.onSubmission({ id }))
    await expect.poll(() => heard.states.length, SOON).toBe(251)
    await moveSubmission(t.deps, id, 'rejected')
    await heard.done
    const sequences = heard.states.map(({ sequence }) => sequence)
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b))
    expect(sequences).toHaveLength(252)
  })

  test('only to whom it concerns, and as long as it does', async () => {
    const id = await insertSubmission(t.deps, author.id)
    const stranger = await signUp(t)
    const refused = async (forge: Person['forge']) =>
      failure(collect(forge.marketplace.onSubmission({ id })).done)
    expect(await refused(stranger.forge)).toBe('NOT_FOUND')
    expect(await refused(t.forge())).toBe('AUTH_REQUIRED')
    const { token: reading } = await author.forge.auth.createApiToken({ name: 'r', scopes: ['read'] })
    expect(await refused(t.forge({ apiToken: reading }))).toBe('AUTH_SCOPE_MISSING')

    const { id: tokenId, token } = await author.forge.auth.createApiToken({ name: 'ci', scopes: ['publish'] })
    const byToken = collect(t.forge({ apiToken: token }).marketplace.onSubmission({ id }))
    const elsewhere = t.forge()
    await elsewhere.auth.signIn({ email: author.email, password: author.password })
    const bySession = collect(elsewhere.marketplace.onSubmission({ id }))
    await expect.poll(() => [byToken.states.length, bySession.states.length], SOON).toEqual([1, 1])
    // Both end; the next state is not told to either.
    await author.forge.auth.revokeApiToken({ id: tokenId })
    const sessions = await elsewhere.auth.sessions()
    await author.forge.auth.revokeSession({ id: sessions.items.find(({ current }) => current)?.id ?? '' })
    await moveSubmission(t.deps, id, 'scanning')
    expect(await failure(byToken.done)).toBe('AUTH_REQUIRED')
    expect(await failure(bySession.done)).toBe('AUTH_SESSION_ENDED')
    expect([byToken.statuses, bySession.statuses]).toEqual([['received'], ['received']])
  })

  test('leaving the loop and the signal end the stream at the server, too', async () => {
    const id = await insertSubmission(t.deps, author.id)
    for await (const _ of author.forge.marketplace.onSubmission({ id })) break
    const controller = new AbortController()
    const heard = collect(author.forge.marketplace.onSubmission({ id }, { signal: controller.signal }))
    await expect.poll(() => heard.states.length, SOON).toBe(1)
    controller.abort()
    expect(await failure(heard.done)).toBe('ABORTED')
    await expect.poll(() => t.deps.realtime.openStreams, SOON).toBe(0)
  })

  test('an account has so many streams and no more', async () => {
    const id = await insertSubmission(t.deps, author.id)
    const controller = new AbortController()
    const streams = Array.from({ length: MAX_STREAMS_PER_ACCOUNT }, () =>
      collect(author.forge.marketplace.onSubmission({ id }, { signal: controller.signal })),
    )
    await expect.poll(() => streams.every(({ states }) => states.length === 1), SOON).toBe(true)
    expect(await failure(collect(author.forge.marketplace.onSubmission({ id })).done)).toBe('STREAM_LIMIT')
    controller.abort()
    await Promise.allSettled(streams.map(({ done }) => done))
    await expect.poll(() => t.deps.realtime.openStreams, SOON).toBe(0)
  })

  test('a stream is asked for by GET, and an EventSource resumes it by its header', async () => {
    const id = await insertSubmission(t.deps, author.id)
    await moveSubmission(t.deps, id, 'rejected', 'no')
    const { accessToken } = await author.forge.auth.refresh()
    const path = '/trpc/marketplace.onSubmission'
    const authorization = `Bearer ${accessToken}`
    const url = `${path}?input=${encodeURIComponent(JSON.stringify({ json: { id } }))}`
    const whole = await (await t.app.request(url, { headers: { authorization } })).text()
    const [first, second] = [...whole.matchAll(/^id: (\d+)$/gm)].map(([, sequence]) => sequence)
    expect(whole).toMatch(/^event: connected\n[\s\S]*event: return\ndata: \n\n$/)
    const rest = await t.app.request(url, { headers: { authorization, 'last-event-id': first ?? '' } })
    expect(rest.headers.get('content-type')).toBe('text/event-stream')
    expect([...(await rest.text()).matchAll(/^id: (\d+)$/gm)].map(([, sequence]) => sequence)).toEqual([
      second,
    ])
    const posted = await t.app.request(path, {
      method: 'POST',
      body: JSON.stringify({ json: { id } }),
      headers: { authorization, 'content-type': 'application/json' },
    })
    expect(posted.status).toBe(405)
    expect(posted.headers.get('allow')).toBe('GET')
  })
})

describe('connections that break', () => {
  const start = (): Promise<RunningServer> => {
    const env = parseEnv({
      NODE_ENV: 'test',
      PORT: '0',
      PUBLIC_URL: 'http://devforge.test',
      DATABASE_URL: t.databaseUrl,
      DEVFORGE_SECRET: t.deps.env.DEVFORGE_SECRET,
      MAIL_DIR: '/nonexistent',
      WORKER: 'false',
      SHUTDOWN_TIMEOUT_SECONDS: '10',
    })
    return startServer({ ...env, DATABASE_URL: t.databaseUrl }, { log: createLog('silent') })
  }
  const clientOf = async (url: string, options: Partial<DevForgeOptions> = {}) => {
    const forge = createDevForge({ url, ...options })
    await forge.auth.signIn({ email: author.email, password: author.password })
    return forge
  }

  test('a state written by one copy of the server is heard through the other within a second', async () => {
    const [here, there] = await Promise.all([start(), start()])
    try {
      const forge = await clientOf(here.url)
      const id = await insertSubmission(there.deps, author.id)
      const heard = collect(forge.marketplace.onSubmission({ id }))
      await expect.poll(() => heard.states.length, SOON).toBe(1)
      const startedAt = performance.now()
      await moveSubmission(there.deps, id, 'rejected')
      await heard.done
      expect(performance.now() - startedAt).toBeLessThan(1_000)
    } finally {
      await Promise.all([here.stop(), there.stop()])
    }
  })

  test('cut, and cut again: every state comes once; a server that stops hands its streams to the next', async () => {
    const first = await start()
    await using wire = await createTcpProxy({ host: '127.0.0.1', port: first.port })
    const forge = await clientOf(throughProxy(first.url, wire))
    const id = await insertSubmission(t.deps, author.id)
    const heard = collect(forge.marketplace.onSubmission({ id }))
    await expect.poll(() => heard.statuses, SOON).toEqual(['received'])
    await wire.cut()
    await moveSubmission(t.deps, id, 'scanning')
    await wire.mend()
    await expect.poll(() => heard.statuses.at(-1), SOON).toBe('scanning')
    await wire.cut()
    await moveSubmission(t.deps, id, 'needs_review')
    await moveSubmission(t.deps, id, 'approved')
    await wire.mend()
    await expect.poll(() => heard.statuses.at(-1), SOON).toBe('approved')
    // A stop is not held up by an open stream, and does not look like the end of it.
    const stoppedAt = performance.now()
    await first.stop()
    expect(performance.now() - stoppedAt).toBeLessThan(5_000)
    await moveSubmission(t.deps, id, 'published')
    const second = await start()
    try {
      await wire.cut()
      await using other = await createTcpProxy({ host: '127.0.0.1', port: second.port }, wire.port)
      await heard.done
      expect(other.port).toBe(wire.port)
    } finally {
      await second.stop()
    }
    expect(heard.statuses).toEqual(ALL)
  })

  test('a database that went away and came back: nothing is missed', async () => {
    const database = new URL(t.databaseUrl)
    await using wire = await createTcpProxy({ host: database.hostname, port: Number(database.port) })
    await using copy = await createTestApp({ databaseUrl: throughProxy(t.databaseUrl, wire), clock: t.clock })
    const forge = copy.forge()
    await forge.auth.signIn({ email: author.email, password: author.password })
    const id = await insertSubmission(t.deps, author.id)
    const heard = collect(forge.marketplace.onSubmission({ id }))
    await expect.poll(() => heard.statuses, SOON).toEqual(['received'])
    await wire.cut()
    await moveSubmission(t.deps, id, 'scanning')
    await sleep(300)
    await wire.mend()
    await expect.poll(() => heard.statuses.at(-1), { timeout: 10_000 }).toBe('scanning')
    await moveSubmission(t.deps, id, 'rejected')
    await heard.done
    expect(heard.statuses).toEqual(['received', 'scanning', 'rejected'])
  })

  test('silence is noticed: a connection over which nothing comes is given up and made anew', async () => {
    let connections = 0
    const silent: typeof fetch = async (input, init) => {
      if (!String(input).includes('onSubmission') || connections++ > 0) return t.fetch(input, init)
      const body = new ReadableStream({
        start: (controller) =>
          controller.enqueue(
            new TextEncoder().encode('event: connected\ndata: {"reconnectAfterInactivityMs":50}\n\n'),
          ),
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    }
    const id = await insertSubmission(t.deps, author.id)
    await moveSubmission(t.deps, id, 'rejected')
    const forge = t.forge({ fetch: silent })
    await forge.auth.signIn({ email: author.email, password: author.password })
    const heard = collect(forge.marketplace.onSubmission({ id }))
    await heard.done
    expect(heard.statuses).toEqual(['received', 'rejected'])
    expect(connections).toBe(2)
  })

  test('a server that stays away is given up in the end', async () => {
    const forge = t.forge({ apiToken: 'dfp_x', fetch: () => Promise.reject(new TypeError('no network')) })
    const error: unknown = await collect(
      forge.marketplace.onSubmission({ id: 'smn_x' }, { reconnectForMs: 200 }),
    ).done.catch((caught: unknown) => caught)
    expect(isDevForgeError(error, 'NETWORK')).toBe(true)
  })

  test('events that arrive in pieces are put together, and half a one is not taken for whole', async () => {
    const text = (sequence: number) =>
      `data: {"json":{"sequence":${sequence},"status":"scanning","reason":"ü€","at":"2026-01-01T00:00:00.000Z"},"meta":{"values":{"at":["Date"]}}}\nid: ${sequence}\n\n`
    const asked: unknown[] = []
    const scripts = [`${text(1)}${text(2).slice(0, -2)}`, `${text(2)}event: return\ndata: \n\n`]
    const fetch: typeof globalThis.fetch = async (input) => {
      asked.push(JSON.parse(new URL(String(input)).searchParams.get('input') ?? '').json)
      const bytes = new TextEncoder().encode(`event: connected\ndata: {}\n\n${scripts[asked.length - 1]}`)
      const body = new ReadableStream({
        start(controller) {
          for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
          controller.close()
        },
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    }
    const heard = collect(t.forge({ apiToken: 'dfp_x', fetch }).marketplace.onSubmission({ id: 'smn_x' }))
    await heard.done
    expect(heard.states.map(({ sequence, reason }) => [sequence, reason])).toEqual([
      [1, 'ü€'],
      [2, 'ü€'],
    ])
    expect(asked).toEqual([{ id: 'smn_x' }, { id: 'smn_x', lastEventId: '1' }])
  })
})
