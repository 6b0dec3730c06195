import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createTestDatabase } from '../support/database.ts'
import { production } from '../support/production.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** What a stage of the Dockerfile copies from here, by hand, since there is no Docker everywhere; as `.dockerignore` has it. */
async function copyStage(stage: string, app: string): Promise<void> {
  for (const [, from = '', to = ''] of stage.matchAll(/^COPY (?!--)(.+) (\S+)$/gm)) {
    for (const path of from.split(' ')) {
      const isFolder = to.endsWith('/')
      await mkdir(join(app, isFolder ? to : '.'), { recursive: true })
      await cp(join(ROOT, path), isFolder ? join(app, to, basename(path)) : join(app, to), {
        recursive: true,
        filter: (source) => !/[\\/](?:node_modules|dist)(?:[\\/]|$)/.test(source.slice(ROOT.length)),
      })
    }
  }
}

/** The same pnpm as runs the tests; what it needs is in its store since these were installed. */
function pnpm(args: string[], cwd: string) {
  const self = process.env.npm_execpath
  const options = { cwd, env: { ...process.env, CI: 'true' } }
  return self !== undefined && /pnpm/.test(self)
    ? self.endsWith('js')
      ? run(process.execPath, [self, ...args], options)
      : run(self, args, options)
    : run('npx', ['-y', 'pnpm@12', ...args], options)
}

test('what the Dockerfile copies and installs starts in production', async () => {
  const [, install = '', serve = ''] = (await readFile(join(ROOT, 'Dockerfile'), 'utf8')).split(/^FROM .*$/m)
  const command = /^RUN pnpm (install .*)$/m.exec(install)?.[1]?.split(' ') ?? []
  expect(command).not.toEqual([])
  const app = await mkdtemp(join(tmpdir(), 'devforge-image-'))
  try {
    await copyStage(install, app)
    await pnpm([...command, '--prefer-offline'], app)
    await copyStage(serve, app)
    await using database = await createTestDatabase()
    const main = join(app, /^CMD \["node", "(.*)"\]$/m.exec(serve)?.[1] ?? '')
    const { child, output, exited } = production(database.url, { main })
    await expect.poll(output, { timeout: 30_000 }).toContain('"msg":"ready"')
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
  } finally {
    await rm(app, { recursive: true, force: true })
  }
}, 120_000)
