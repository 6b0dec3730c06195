import { expect, test } from 'vitest'
import { TEST_MS, until } from './until.ts'
import { createWorld } from './world.ts'

const REPLIES = 30
const SECOND = 1_000

// Guards: notifications cross copies, and streams read the history of a ticket after the last event that arrived.
test('a reply through one copy reaches who watches at the other; when that one is killed, the client goes on at the first', {
  timeout: TEST_MS,
}, async () => {
  await using world = await createWorld({ copy: true, env: { WORKER: 'false' } })
  await world.start()
  const copy = await world.startCopy()
  // What a load balancer does: to where it still answers.
  let at = copy.url
  const balanced: typeof fetch = (input, init) =>
    fetch(String(input instanceof Request ? input.url : input).replace(world.url, at), init)
  const customer = await world.signUp({ fetch: balanced })
  const agent = await world.signUp()
  await world.sql`update users set role = 'agent' where id = ${agent.id}`
  const { id } = await customer.forge.tickets.create({ subject: 'Help', body: 'It broke.', category: 'bug' })

  const heard: { body: string; at: number }[] = []
  const all: string[] = []
  const leave = new AbortController()
  const watching = (async () => {
    for await (const { type, message } of customer.forge.tickets.onUpdate({ id }, { signal: leave.signal })) {
      all.push(type)
      if (message && type === 'message.added') heard.push({ body: message.body, at: performance.now() })
    }
  })().catch((error: unknown) => {
    if (!leave.signal.aborted) throw error
  })
  await until('the stream is open', () => heard.length === 1)

  const waits: number[] = []
  for (let i = 0; i < 5; i++) {
    const sentAt = performance.now()
    await agent.forge.tickets.reply({ id, body: `warm ${i}` })
    const answeredAt = performance.now()
    await until('the reply arrived', () => heard.at(-1)?.body === `warm ${i}`)
    waits.push((heard.at(-1)?.at ?? Number.NaN) - Math.min(answeredAt, sentAt))
  }
  // Within a second, also on a machine that does other things; the median is what it mostly is.
  expect(waits.toSorted((a, b) => a - b)[2]).toBeLessThan(SECOND)

  // Killed in the midst of replies, which go on at the other.
  for (let i = 0; i < REPLIES; i++) {
    if (i === 10) {
      await copy.server.kill()
      at = world.url
    }
    await agent.forge.tickets.reply({ id, body: `reply ${i}` })
  }
  await until('all replies arrived', () => heard.at(-1)?.body === `reply ${REPLIES - 1}`)
  leave.abort()
  await watching
  expect(heard.map(({ body }) => body)).toEqual([
    'It broke.',
    ...Array.from({ length: 5 }, (_, i) => `warm ${i}`),
    ...Array.from({ length: REPLIES }, (_, i) => `reply ${i}`),
  ])
  expect(all.filter((type) => type === 'ticket.created')).toHaveLength(1)
})
