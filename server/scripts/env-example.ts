import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { envSchema, REQUIRED_IN_PRODUCTION } from '../src/env.ts'

/**
 * Writes `.env.example` from `server/src/env.ts`; with `--check` only says whether it is stale.
 * `node server/scripts/env-example.ts [--check]`
 */
const FILE = fileURLToPath(new URL('../../.env.example', import.meta.url))

const HEAD = `# Every variable that the server reads, with its default. Copy this file to .env and change what you need.
# \`pnpm start\` needs none of them; a production start (NODE_ENV=production) refuses to run without those marked so.
# Made from server/src/env.ts by \`node server/scripts/env-example.ts\`.
`

const FOOT = `
# where \`pnpm start\` keeps its database, secrets, mails and log (not read by a production start)
# DEVFORGE_DATA_DIR=.data
`

const required = new Set<string>(REQUIRED_IN_PRODUCTION)

function describe(name: string, schema: z.ZodType): string {
  const undefinedInput = schema.safeParse(undefined)
  const fallback = undefinedInput.success ? undefinedInput.data : undefined
  const value =
    fallback === undefined || (Array.isArray(fallback) && fallback.length === 0) ? '' : String(fallback)
  const note = required.has(name) ? ' (required in production)' : ''
  return `# ${schema.description ?? ''}${note}\n# ${name}=${value}\n`
}

const expected = [
  HEAD,
  ...Object.entries(envSchema.shape).map(([name, schema]) => describe(name, schema)),
  FOOT.trimStart(),
].join('\n')

if (process.argv.includes('--check')) {
  const actual = await readFile(FILE, 'utf8').catch(() => '')
  if (actual !== expected) {
    process.stderr.write('.env.example is stale: run `node server/scripts/env-example.ts`.\n')
    process.exitCode = 1
  }
} else await writeFile(FILE, expected)
