import { seedKnowledge } from '@devforge/server/sandbox/knowledge'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'
import { PHRASINGS } from './phrasings.ts'

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
  const { email } = await signUp(t, { role: 'agent' })
  await seedKnowledge(t.deps, { writerEmail: email })
})
afterAll(() => t[Symbol.asyncDispose]())

test('what customers type finds the article that would spare them the ticket', async () => {
  const lines: string[] = []
  let [first, top] = [0, 0]
  for (const [text, slug] of PHRASINGS) {
    const { items } = await t.forge().call('knowledge.suggest', 'query', { text, limit: 10 })
    const place = items.findIndex((item) => item.slug === slug) + 1
    if (place === 1) first++
    if (place >= 1 && place <= 3) top++
    else
      lines.push(
        `  ${place || '–'}: “${text}” → ${slug}, not ${items
          .slice(0, 3)
          .map((item) => item.slug)
          .join(', ')}`,
      )
  }
  process.stdout.write(
    `suggestions: ${top} of ${PHRASINGS.length} in the top 3, ${first} first\n${lines.join('\n')}\n`,
  )
  expect(top).toBeGreaterThanOrEqual(27)
})
