import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { listen } from '@devforge/server/listener'
import { createTestApp, type TestApp } from '../support/app.ts'

const { resolve } = createRequire(import.meta.url)

/** The programs that authors have on their machines, as their makers ship them. */
const programs = {
  ovsx: join(dirname(resolve('ovsx/package.json')), 'bin/ovsx'),
  vsce: join(dirname(resolve('@vscode/vsce/package.json')), 'vsce'),
}

export interface Ran {
  code: number
  /** Both streams, as a person would read them. */
  output: string
}

export interface Bench extends AsyncDisposable {
  t: TestApp
  /** Where the server really listens. */
  url: string
  /** A folder that is gone in the end; also the home of the programs. */
  folder: string
  run(program: keyof typeof programs, args: string[], options?: RunOptions): Promise<Ran>
  /** An extension's sources. */
  write(name: string, files: Record<string, string>): Promise<string>
}

interface RunOptions {
  cwd?: string
  env?: Record<string, string>
}

const TIMEOUT_MS = 100_000
/** Starting programs is what a busy machine is slow at. */
export const SLOW = { timeout: 120_000 }

/** A server on a port, and a machine of an author beside it. */
export async function openBench(): Promise<Bench> {
  const listener = await listen({ HOST: '127.0.0.1', PORT: 0 })
  const t = await createTestApp({ env: { PUBLIC_URL: listener.url } })
  listener.attach((request, env) => t.app.fetch(request, env))
  const folder = await mkdtemp(join(tmpdir(), 'devforge-clients-'))
  return {
    t,
    url: listener.url,
    folder,
    run: (program, args, { cwd = folder, env = {} } = {}) =>
      new Promise((done) => {
        const given = {
          PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
          HOME: folder,
          OVSX_REGISTRY_URL: listener.url,
          VSCE_MARKETPLACE_URL: listener.url,
          NO_UPDATE_NOTIFIER: '1',
          // Programs of thousands of modules start in less time.
          NODE_COMPILE_CACHE: join(folder, '.cache'),
          ...env,
        }
        const options = { cwd, env: given, timeout: TIMEOUT_MS }
        execFile(process.execPath, [programs[program], ...args], options, (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
          done({ code, output: stdout + stderr })
        })
      }),
    async write(name, files) {
      for (const [path, text] of Object.entries(files)) {
        const file = join(folder, name, path)
        await mkdir(dirname(file), { recursive: true })
        await writeFile(file, text)
      }
      return join(folder, name)
    },
    async [Symbol.asyncDispose]() {
      await listener.close(1_000)
      await t[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The sources of a small extension. */
export const sources = (manifest: { publisher: string; name: string; version: string }) => ({
  'package.json': JSON.stringify({
    displayName: 'Hello',
    description: 'Greets whoever opens the editor.',
    engines: { vscode: '^1.80.0' },
    categories: ['Other'],
    license: 'MIT',
    repository: { type: 'git', url: 'https://github.com/acme/hello.git' },
    main: './extension.js',
    activationEvents: ['onStartupFinished'],
    ...manifest,
  }),
  '.vscodeignore': '.vscode/**\n',
  'extension.js': 'exports.activate = () => {}\n',
  'README.md': '# Hello\n\nGreets whoever opens the editor.\n',
  LICENSE: 'MIT License\n',
})
