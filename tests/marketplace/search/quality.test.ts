import { searchExtensions } from '@devforge/server/modules/marketplace/service/search/search'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../../support/app.ts'
import { CURATED, EXPECTED } from './curated.ts'
import { place } from './place.ts'

/** So many of the questions must find what was meant first. */
const AIM = 39

let t: TestApp
let names: Map<string, string>
beforeAll(async () => {
  t = await createTestApp()
  const ids = await place(t, CURATED)
  names = new Map([...ids].map(([name, id]) => [id, name]))
})
afterAll(() => t[Symbol.asyncDispose]())

test(`finds what was meant, ${AIM} times of ${EXPECTED.length}`, async () => {
  const missed: string[] = []
  for (const [text, first, what] of EXPECTED) {
    const { ids } = await searchExtensions(t, { text, limit: 5 })
    const found = ids.map((id) => names.get(id))
    if (found[0] !== first)
      missed.push(`${text} (${what}): ${first} expected, found ${found.join(', ') || 'nothing'}`)
  }
  const right = EXPECTED.length - missed.length
  process.stdout.write(
    `search quality: ${right} of ${EXPECTED.length}\n${missed.map((line) => `  ${line}\n`).join('')}`,
  )
  expect(EXPECTED).toHaveLength(40)
  expect(right).toBeGreaterThanOrEqual(AIM)
})

test('a clone is behind its original, whoever looks for them', async () => {
  for (const [text, original, clone] of [
    ['python', 'ms-python.python', 'evil-corp.python'],
    ['prettier', 'esbenp.prettier-vscode', 'prettier-team.prettier'],
    ['docker', 'ms-azuretools.vscode-docker', 'd0cker.docker'],
    ['gitl', 'eamodio.gitlens', 'gitlens-pro.gitlens'],
  ] as const) {
    const { ids } = await searchExtensions(t, { text, limit: 50 })
    const found = ids.map((id) => names.get(id))
    expect(found.indexOf(original), text).toBeGreaterThanOrEqual(0)
    expect(found.indexOf(clone), text).toBeGreaterThan(found.indexOf(original))
  }
})

test('every spelling of an extension finds it', async () => {
  for (const { id } of CURATED.slice(0, 40)) {
    const { ids } = await searchExtensions(t, { text: id.toUpperCase(), limit: 1 })
    expect(ids.map((found) => names.get(found))).toEqual([id])
  }
})
