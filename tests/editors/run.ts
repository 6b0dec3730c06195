// `pnpm test:editors`: an unmodified code-server against this server, on the command line and in a browser. It is fetched from the npm
// registry when it is not in the cache yet (620 MB; DEVFORGE_EDITOR_CACHE, by default ~/.cache/devforge).
//   --if-possible   where the editor or the browser cannot be had, say so and succeed: for CI
//   --within 240    give up fetching the editor after so many seconds
//   --install       fetch it and stop there
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cacheFolder, findEditor, installEditor } from './cache.ts'

const { values: options } = parseArgs({
  options: {
    'if-possible': { type: 'boolean', default: false },
    within: { type: 'string', default: '900' },
    install: { type: 'boolean', default: false },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function haveEditor(): Promise<string | null> {
  if (await findEditor()) return null
  say(`code-server is not in ${cacheFolder()} yet: it is fetched now.`)
  try {
    await installEditor(say, AbortSignal.timeout(Number(options.within) * 1000))
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const problem = await haveEditor()
if (problem !== null) {
  say(`\nTHE EDITOR TESTS DID NOT RUN: code-server could not be had.\n${problem}`)
  process.exitCode = options['if-possible'] ? 0 : 1
} else if (!options.install) {
  const config = fileURLToPath(new URL('./vitest.config.ts', import.meta.url))
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const tests = spawn('vitest', ['run', '--config', config, '--root', root], { stdio: 'inherit', cwd: root })
  tests.once('exit', (code) => {
    process.exitCode = code ?? 1
  })
}
