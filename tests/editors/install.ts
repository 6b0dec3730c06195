// `pnpm editors:install`: puts code-server into the cache (DEVFORGE_EDITOR_CACHE, by default ~/.cache/devforge), for `pnpm test:editors`.
import { cacheFolder, installEditor } from './cache.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const started = performance.now()
await installEditor(say)
say(`code-server is in ${cacheFolder()} (${Math.round((performance.now() - started) / 1000)} s)`)
