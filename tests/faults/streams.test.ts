import { expect, test } from 'vitest'
import { insertSubmission, moveSubmission } from '../sdk/support/submissions.ts'
import { TEST_MS, until } from './until.ts'
import { createWorld } from './world.ts'

// Guards: states are read from their history after the last one that arrived, not from notifications.
test('a server that is killed under an open stream: its next start tells the rest, each state once', {
  timeout: TEST_MS,
}, async () => {
  await using world = await createWorld({ env: { WORKER: 'false' } })
  await world.start()
  const author = await world.signUp()
  const id = await insertSubmission(world, author.id)
  const statuses: string[] = []
  const heard = (async () => {
    for await (const { status } of author.forge.marketplace.onSubmission({ id })) statuses.push(status)
  })()
  await until('the stream is open', () => statuses.length === 1)
  await moveSubmission(world, id, 'scanning')
  await until('the state arrived', () => statuses.length === 2)
  await world.kill()
  await moveSubmission(world, id, 'needs_review')
  await moveSubmission(world, id, 'approved')
  await world.start()
  await moveSubmission(world, id, 'published')
  await heard
  expect(statuses).toEqual(['received', 'scanning', 'needs_review', 'approved', 'published'])
})
