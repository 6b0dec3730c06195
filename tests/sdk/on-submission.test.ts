import { setTimeout as sleep } from 'node:timers/promises'
import { createDevForge, isDevForgeError, type Output } from '@devforge/sdk'
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
    get statuses() {
      return states.map(({ status }) => status)
    },
    states,
  }
}

const ALL = ['received', 'scanning', 'needs_review', 'approved', 'published'] as const

describe('the states of a submission', () => {
  test('those that were, then those that come, then the end', async () => {
    const id = await insertSubmission(t.deps, author.id)
    await moveSubmission(t.deps, id, 'scanning')
    const heard = collect(author.forge.marketplace.onSubmission({ id }))
    await expect.poll(() => heard.statuses).toEqual(['received', 'scanning'])
    const startedAt = performance.now()
    await moveSubmission(t.deps, id, 'needs_review', 'a first extension')
    await expect.poll(() => heard.statuses.at(-1)).toBe('needs_review')
    expect(performance.now() - startedAt).toBeLessThan(1_000)
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
})
