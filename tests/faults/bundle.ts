import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { inject } from 'vitest'

const MAIN = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url))

/**
 * The server's program, `server/src/main.ts`, with all that it imports in one file, made once per run. These tests start it
 * dozens of times, and finding and reading its 1,600 modules took ten times as long as everything else that a start does.
 */
export async function serverProgram(): Promise<string> {
  const file = join(inject('serverProgramFolder'), 'main.mjs')
  if (existsSync(file)) return file
  const bundle = await rolldown({
    input: MAIN,
    platform: 'node',
    logLevel: 'silent',
    plugins: [
      {
        name: 'modules know where they come from',
        // Files beside a module (migrations, the docs page's script) are still found there.
        transform: {
          filter: { code: /import\.meta\.url|__dirname/ },
          handler(code, id) {
            const located = code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
            // Modules that make the name themselves know it by now.
            if (/\b(?:const|let|var)\s+__dirname\b/.test(located)) return located
            return located.replaceAll(/\b__dirname\b/g, JSON.stringify(dirname(id)))
          },
        },
      },
    ],
  })
  // Two workers may be at it at once.
  const fresh = `${file}.${randomUUID()}`
  await bundle.write({ file: fresh, format: 'esm', codeSplitting: false })
  await bundle.close()
  await rename(fresh, file)
  return file
}
