import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { runCli } from '../../sdk/src/publish/cli/run.ts'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Person, signUp } from '../support/people.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

const run = promisify(execFile)
const MAIN = join(import.meta.dirname, '../../sdk/src/publish/cli/main.ts')

let t: TestApp
let author: Person
let admin: Person
let token: string
let folder: string
beforeAll(async () => {
  t = await createTestApp()
  author = await signUp(t)
  admin = await signUp(t, { role: 'admin' })
  await author.forge.marketplace.createPublisher({ name: 'acme' })
  token = (await author.forge.auth.createApiToken({ name: 'ci', scopes: ['publish', 'read'] })).token
  folder = await mkdtemp(join(tmpdir(), 'devforge-cli-'))
  const vsix = await packVsix({ publisher: 'acme', name: 'tool' })
  await writeFile(join(folder, 'one.vsix'), vsix)
  await writeFile(join(folder, 'two.vsix'), variantOf(vsix, { version: '1.1.0' }))
  await writeFile(
    join(folder, 'changed.vsix'),
    variantOf(vsix, { files: { 'extension/new.js': 'exports.x = 1' } }),
  )
  const secret = `exports.key = '${['ghp', 'k3J8dPq2LmZx7VtR5bNw9YcF1hGs6QaE4uTi'].join('_')}'\n`
  await writeFile(
    join(folder, 'secret.vsix'),
    variantOf(vsix, { version: '1.2.0', files: { 'extension/leak.js': `// first line\n${secret}` } }),
  )
  await writeFile(join(folder, 'broken.vsix'), vsix.subarray(0, 500))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await t[Symbol.asyncDispose]()
})

// Each test has a home of its own.
let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'devforge-cli-home-'))
  vi.stubEnv('XDG_CONFIG_HOME', home)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true, force: true })
})

interface Said {
  code: number
  out: string
  err: string
}

/** The command in this process, with the app behind its `fetch`. */
async function devforge(args: string[], env: Record<string, string> = {}, isTerminal = false): Promise<Said> {
  const said: Said = { code: -1, out: '', err: '' }
  said.code = await runCli(args, {
    out: (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    isTerminal,
    columns: 100,
    env: { DEVFORGE_URL: TEST_URL, ...env },
    cwd: folder,
    fetch: t.fetch,
  })
  return said
}
const asCi = () => ({ DEVFORGE_TOKEN: token })

/** Works on jobs while a command waits. */
async function meanwhile<T>(work: Promise<T>): Promise<T> {
  let done = false
  const ended = work.finally(() => {
    done = true
  })
  while (!done) {
    await t.drain()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return ended
}

/** Signs in as a person would who opens the address and confirms the code. */
async function signIn(person: Person): Promise<Said> {
  const started = { err: '' }
  const original = t.fetch
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const answer = await original(input, init)
    if (String(input).includes('startDevice')) {
      const body = (await answer.clone().json()) as [{ result: { data: { json: { userCode: string } } } }]
      const { userCode } = body[0].result.data.json
      await person.forge.auth.approveDevice({ userCode })
      started.err = userCode
    }
    return answer
  }
  const said: Said = { code: -1, out: '', err: '' }
  said.code = await runCli(['login', '--url', TEST_URL], {
    out: (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    isTerminal: false,
    columns: 80,
    env: {},
    cwd: folder,
    fetch,
  })
  expect(said.err).toContain(started.err)
  return said
}

describe('devforge', () => {
  test('explains itself: alone, and each command', async () => {
    const { code, out } = await devforge(['--help'])
    expect(code).toBe(0)
    const names = [...out.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => name ?? '')
    expect(names).toEqual(
      'login logout whoami publish status yank unyank deprecate stats search install-info'.split(' '),
    )
    for (const name of names) {
      const help = await devforge([name, '--help'])
      expect(help).toMatchObject({ code: 0, err: '' })
      expect(help.out).toContain(`Usage: devforge ${name}`)
      expect(help.out).toContain('--json')
    }
  })

  test('runs as a program, on the oldest Node that is supported too', async () => {
    const { stdout } = await run(process.execPath, [MAIN, '--help'])
    expect(stdout).toContain('devforge <command>')
    const failed = await run(process.execPath, [MAIN, 'fly']).catch((error) => error)
    expect(failed).toMatchObject({ code: 2, stderr: 'There is no command "fly". See: devforge --help\n' })
    const nowhere = await run(process.execPath, [MAIN, 'search', 'x', '--url', 'http://127.0.0.1:9'], {
      env: { ...process.env, NO_COLOR: '1' },
    }).catch((error) => error)
    expect(nowhere.code).toBe(5)
    expect(nowhere.stderr).toMatch(/^NETWORK: /)
  }, 60_000)

  test('mistakes are told in a line, with code 2', async () => {
    for (const args of [
      ['yank', 'acme.tool'],
      ['yank', 'acme.tool@1.0.0'],
      ['stats', 'nonsense'],
      ['publish', '--nope'],
      ['publish', 'x.vsix', '--dir', '.'],
      ['publish', 'one.vsix', '--timeout', 'soon'],
      ['search', '--limit', '1000'],
      ['status', 'a', 'b'],
    ]) {
      const said = await devforge(args, asCi())
      expect(said, args.join(' ')).toMatchObject({ code: 2, out: '' })
      expect(said.err.split('\n').length, said.err).toBeLessThanOrEqual(3)
    }
    expect((await devforge(['search'], { DEVFORGE_URL: '' })).err).toContain('Which server?')
    expect((await devforge(['search'], { DEVFORGE_URL: 'ftp://x' })).code).toBe(2)
  })
})

describe('signing in', () => {
  test('through the browser; the session is kept for its owner alone, and ended', async () => {
    expect((await devforge(['whoami'])).code).toBe(4)
    const login = await signIn(author)
    expect(login).toMatchObject({ code: 0, out: `Signed in as ${author.name} <${author.email}>.\n` })
    const files = await readdir(join(home, 'devforge/cli'))
    expect(files.sort()).toEqual(['devforge.test.session.json', 'settings.json'])
    const session = join(home, 'devforge/cli/devforge.test.session.json')
    expect((await stat(session)).mode & 0o777).toBe(0o600)
    // The server of the login is the one from now on.
    const me = await devforge(['whoami', '--json'], { DEVFORGE_URL: '' })
    expect(JSON.parse(me.out)).toMatchObject({
      email: author.email,
      url: TEST_URL,
      publishers: [{ name: 'acme', role: 'owner' }],
    })
    expect(await devforge(['logout'])).toMatchObject({ code: 0, out: 'Signed out.\n' })
    expect(await readdir(join(home, 'devforge/cli'))).toEqual(['settings.json'])
    expect((await devforge(['whoami'])).code).toBe(4)
    expect(await devforge(['logout'])).toMatchObject({ code: 0, out: 'Nobody was signed in.\n' })
  }, 60_000)

  test('by a token: ours also under the name that CI jobs have it, another marketplace’s never', async () => {
    expect(await devforge(['whoami'], asCi())).toMatchObject({ code: 0 })
    expect(await devforge(['whoami'], { OVSX_PAT: token })).toMatchObject({ code: 0 })
    const seen: (string | null)[] = []
    const spying: typeof fetch = async (input, init) => {
      seen.push(new Headers(init?.headers).get('authorization'))
      return t.fetch(input, init)
    }
    const foreign = await runCli(['whoami'], {
      out: () => {},
      err: () => {},
      isTerminal: false,
      columns: 80,
      env: { DEVFORGE_URL: TEST_URL, OVSX_PAT: 'ovsxp_somebody-elses' },
      cwd: folder,
      fetch: spying,
    })
    expect(foreign).toBe(4)
    expect(seen).toEqual([null])
    const bad = await devforge(['whoami'], { DEVFORGE_TOKEN: 'dfp_not-a-token-of-anybody' })
    expect(bad.code).toBe(4)
    expect(bad.err).toContain('devforge login')
  })
})

describe('publishing', () => {
  test('the first extension is held, then approved; duplicates, other bytes, findings', async () => {
    const held = await meanwhile(devforge(['publish', 'one.vsix', '--wait'], asCi(), true))
    expect(held.code).toBe(6)
    expect(held.err).toContain('Sending acme.tool 1.0.0')
    expect(held.err).toMatch(/█+ 100 %/)
    expect(held.out).toContain('waits for a moderator')
    const id = /smn_\w+/.exec(held.out)?.[0] ?? ''
    await admin.forge.marketplace.approve({ submissionId: id })
    await t.drain()
    expect(await devforge(['status', id], asCi())).toMatchObject({
      code: 0,
      out: expect.stringContaining('published'),
    })

    const second = await meanwhile(devforge(['publish', 'two.vsix', '-w', '--json'], asCi()))
    expect(second).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(second.out)).toMatchObject({
      items: [{ submission: { version: '1.1.0', status: 'published' } }],
    })

    const changed = await devforge(['publish', 'changed.vsix'], asCi())
    expect(changed.code).toBe(3)
    expect(changed.err).toMatch(/VERSION_EXISTS: .*\n.*--skip-duplicate/)
    const skipped = await devforge(['publish', 'changed.vsix', '--skip-duplicate'], asCi())
    expect(skipped).toMatchObject({ code: 0, out: 'acme.tool 1.0.0 is there already. Skipped.\n' })

    const broken = await devforge(['publish', 'broken.vsix'], asCi())
    expect(broken.code).toBe(3)
    expect(broken.err).toContain('[zip-format]')
    expect((await devforge(['publish', 'nowhere.vsix'], asCi())).code).toBe(1)

    const leak = await meanwhile(devforge(['publish', 'secret.vsix', '--wait'], asCi()))
    expect(leak.code).toBe(3)
    expect(leak.out).toMatch(/^extension\/leak\.js:2: error: .* \[secret\]$/m)
    expect(leak.out).toContain('refused')
    expect(leak.out).not.toContain('ghp_k3J8')

    const list = await devforge(['status', '--extension', 'acme.tool', '--json'], asCi())
    expect(JSON.parse(list.out).items.map((item: { version: string }) => item.version)).toEqual([
      '1.2.0',
      '1.1.0',
      '1.0.0',
    ])
    const stats = await devforge(['stats', 'acme.tool', '--by', 'version'], asCi())
    expect(stats.code).toBe(0)
    expect(stats.out).toMatch(/version {2,}downloads/)
    expect((await devforge(['stats', 'acme.tool', '--csv'], asCi())).out.split('\n')[0]).toContain(',')

    const found = await devforge(['search', 'tool'])
    expect(found).toMatchObject({ code: 0, out: expect.stringMatching(/^acme\.tool {2}1\.1\.0 /) })
    const info = await devforge(['install-info', 'acme.tool@1.0.0', '--json'])
    expect(JSON.parse(info.out)).toMatchObject({
      version: '1.0.0',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect((await devforge(['install-info', 'acme.nothing'])).code).toBe(1)

    // Tokens publish; taking back needs a person.
    expect((await devforge(['yank', 'acme.tool@1.0.0', '--reason', 'bad'], asCi())).code).toBe(4)
    await signIn(author)
    expect((await devforge(['yank', 'acme.tool@1.0.0', '--reason', 'bad'])).out).toBe(
      'acme.tool 1.0.0: 1 package yanked.\n',
    )
    expect((await devforge(['unyank', 'acme.tool@1.0.0'])).out).toContain('1 package shown again')
    expect((await devforge(['deprecate', 'acme.tool', '-m', 'use another'])).out).toBe(
      'acme.tool is deprecated.\n',
    )
    expect((await author.forge.marketplace.get({ id: 'acme.tool' })).deprecation?.message).toBe('use another')
    expect((await devforge(['deprecate', 'acme.tool', '--undo'])).out).toBe('acme.tool is not deprecated.\n')
  }, 120_000)

  test('packs a folder with the vsce that the extension brings', async () => {
    const dir = await mkdtemp(join(folder, 'extension-'))
    await writeFile(
      join(dir, 'package.json'),
      JSON.stringify({
        name: 'packed',
        publisher: 'acme',
        version: '0.1.0',
        displayName: 'Packed here',
        description: 'x',
        engines: { vscode: '^1.90.0' },
        repository: 'https://example.com/r',
        main: './main.js',
        activationEvents: ['onCommand:packed.run'],
        devDependencies: { '@vscode/vsce': '*' },
      }),
    )
    await writeFile(join(dir, 'main.js'), 'exports.activate = () => {}\n')
    await writeFile(join(dir, 'README.md'), '# Packed\n')
    await copyFile(join(import.meta.dirname, '../../LICENSE'), join(dir, 'LICENSE'))
    // In a process of its own: this one finds packages of the workspace wherever it looks.
    const without = await run(process.execPath, [MAIN, 'publish', '--dir', dir], {
      env: { DEVFORGE_URL: TEST_URL, XDG_CONFIG_HOME: home, PATH: '/nonexistent' },
    }).catch((error) => error)
    expect(without.code).toBe(1)
    expect(without.stderr).toContain('npm install --save-dev @vscode/vsce')
    await mkdir(join(dir, 'node_modules/@vscode'), { recursive: true })
    await symlink(
      join(import.meta.dirname, '../node_modules/@vscode/vsce'),
      join(dir, 'node_modules/@vscode/vsce'),
    )
    const said = await devforge(['publish', '--dir', dir, '--json'], asCi())
    expect(said.code, said.out).toBe(0)
    expect(JSON.parse(said.out).items[0].submission).toMatchObject({
      extension: 'acme.packed',
      version: '0.1.0',
    })
  }, 60_000)

  test('NO_COLOR, pipes and dumb terminals get no colors; terminals do', async () => {
    const color = '\u001b['
    expect((await devforge(['whoami'], { DEVFORGE_TOKEN: 'dfp_x' }, true)).err).toContain(color)
    for (const [name, value] of [
      ['NO_COLOR', '1'],
      ['TERM', 'dumb'],
    ] as const) {
      expect(
        (await devforge(['whoami'], { DEVFORGE_TOKEN: 'dfp_x', [name]: value }, true)).err,
      ).not.toContain(escape)
    }
    expect((await devforge(['whoami'], { DEVFORGE_TOKEN: 'dfp_x' })).err).not.toContain(color)
    const json = await devforge(['whoami', '--json'], { DEVFORGE_TOKEN: 'dfp_x' })
    expect(JSON.parse(json.out).error).toMatchObject({ code: 'AUTH_REQUIRED' })
    expect(await readFile(MAIN, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })
})
