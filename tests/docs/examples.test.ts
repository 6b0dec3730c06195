import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format } from 'node:util'
import type { DevForge } from '@devforge/sdk'
import { seedKnowledge } from '@devforge/server/sandbox/knowledge'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { licensed } from '../support/licenses.ts'
import { GOOD_CARD } from '../support/payments.ts'
import { signUp } from '../support/people.ts'
import { packVsix } from '../support/vsix.ts'

// Blocks marked `ts` in the documents must compile as they stand; those marked `ts run` are run too, each against a server of
// its own. Further words say what must be there before: `ada` has signed up; `signed-in` gives her client as `forge`;
// `licensed` gives `licenseKey`; `articles` has the help of the demo; `device` has her approve what opens in the browser; `author` has a publisher, a package in `file`, and
// workers that check it; `published` has it published.

const root = join(import.meta.dirname, '../..')
const DOCUMENTS = ['README.md', 'sdk/README.md', 'CONTRIBUTING.md']
const URL_IN_DOCUMENTS = 'http://127.0.0.1:3000'
const ada = { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' }

interface Example {
  name: string
  words: string[]
  code: string
  file: string
}

// Beside the tests, so that packages are found as in any project of the workspace.
const folder = join(root, 'tests/.cache/examples')

async function examplesIn(document: string): Promise<Example[]> {
  const text = await readFile(join(root, document), 'utf8')
  return [...text.matchAll(/^```ts\b(.*)\n([\s\S]*?)^```$/gm)].map((match, index) => {
    const line = text.slice(0, match.index).split('\n').length
    const file = join(folder, `${document.replace(/\W/g, '-')}-${index + 1}.ts`)
    return {
      name: `${document}:${line}`,
      words: (match[1] ?? '').trim().split(' '),
      // Each is a module, also one that only declares.
      code: `${match[2] ?? ''}\nexport {}\n`,
      file,
    }
  })
}

const examples = (await Promise.all(DOCUMENTS.map(examplesIn))).flat()
const runnable = examples.filter((example) => example.words.includes('run'))

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await Promise.all(examples.map((example) => writeFile(example.file, example.code)))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the documents have examples', () => {
  expect(runnable.length).toBeGreaterThan(8)
})

test('every example compiles as it stands', async () => {
  const config = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: { typeRoots: [join(root, 'node_modules/@types')] },
    include: ['*.ts'],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const args = [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder]
  try {
    execFileSync(process.execPath, args, { encoding: 'utf8', cwd: root })
  } catch (error) {
    expect.fail(String((error as { stdout?: unknown }).stdout))
  }
})

/** What an example may take for given. */
async function prepare(t: TestApp, words: string[]): Promise<void> {
  const needsAda = words.some((word) =>
    ['ada', 'signed-in', 'licensed', 'device', 'author', 'published'].includes(word),
  )
  if (!needsAda) return
  const forge = t.forge({ url: URL_IN_DOCUMENTS })
  const { user } = await forge.auth.signUp(ada)
  vi.stubGlobal('forge', forge)
  if (words.includes('licensed')) {
    const { key } = await licensed(t, { owner: { ...ada, forge, id: user.id } })
    vi.stubGlobal('licenseKey', key)
  }
  if (words.includes('articles')) {
    const { email } = await signUp(t, { role: 'agent' })
    await seedKnowledge(t.deps, { writerEmail: email })
  }
  if (words.includes('author') || words.includes('published')) await preparePackage(t, forge, words)
  vi.stubGlobal('openInBrowser', async (url: string) => {
    if (words.includes('device')) {
      const userCode =
        new URL(url).searchParams.get('code') ?? new URL(url).searchParams.get('user_code') ?? ''
      await forge.auth.approveDevice({ userCode })
      return
    }
    await t.sandbox.pay(url, { card: GOOD_CARD })
    expect(await t.drain()).toEqual([])
  })
}

async function preparePackage(t: TestApp, forge: DevForge, words: string[]): Promise<void> {
  await forge.marketplace.createPublisher({ name: 'acme' })
  const vsix = await packVsix({ publisher: 'acme', name: 'hello' })
  const file = join(folder, 'hello.vsix')
  await writeFile(file, vsix)
  vi.stubGlobal('file', file)
  if (!words.includes('published')) return
  const { id } = await forge.marketplace.submit(new Uint8Array(vsix))
  await t.drain()
  const admin = await signUp(t, { role: 'admin' })
  await admin.forge.marketplace.approve({ submissionId: id })
  await t.drain()
}

/** Does the jobs while an example waits for them. */
async function whileWorking(t: TestApp, work: Promise<unknown>): Promise<void> {
  let done = false
  const ended = work.finally(() => {
    done = true
  })
  while (!done) {
    await t.drain()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await ended
}

describe('the examples', () => {
  let settings: string
  beforeAll(async () => {
    settings = await mkdtemp(join(tmpdir(), 'devforge-examples-'))
  })
  afterAll(() => rm(settings, { recursive: true, force: true }))
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })

  // Most only read: one server does for them.
  let shared: TestApp
  beforeAll(async () => {
    shared = await createTestApp({ env: { PUBLIC_URL: URL_IN_DOCUMENTS } })
  })
  afterAll(() => shared[Symbol.asyncDispose]())

  async function runExample(t: TestApp, { file, words, code }: Example): Promise<void> {
    vi.stubEnv('XDG_CONFIG_HOME', settings)
    vi.stubGlobal('fetch', t.fetch)
    await prepare(t, words)
    const said: string[] = []
    vi.spyOn(console, 'log').mockImplementation((...parts) => {
      said.push(format(...parts))
    })
    const example = import(/* @vite-ignore */ file)
    await (words.includes('author') ? whileWorking(t, example) : example)
    expect(said.length).toBeGreaterThan(0)
    // What a comment beside a `console.log` promises is what it prints.
    for (const [, promised] of code.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm))
      expect(said).toContain(promised)
  }

  test.each(runnable)('$name runs', async (example) => {
    if (example.words.length === 1) return runExample(shared, example)
    await using t = await createTestApp({ env: { PUBLIC_URL: URL_IN_DOCUMENTS } })
    await runExample(t, example)
  })
})
