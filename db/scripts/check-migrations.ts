/**
 * Fails when the schema says something that no migration does: `drizzle-kit generate`, run on a copy, must find nothing to write.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '../..')
const migrations = join(root, 'db/migrations')
const scratch = mkdtempSync(join(tmpdir(), 'devforge-migrations-'))
const sqlFiles = (dir: string): string[] => readdirSync(dir).filter((name) => name.endsWith('.sql'))

try {
  cpSync(migrations, scratch, { recursive: true })
  execFileSync(
    'drizzle-kit',
    [
      'generate',
      '--dialect',
      'postgresql',
      '--schema',
      './db/src/schema/index.ts',
      '--out',
      relative(root, scratch),
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], shell: process.platform === 'win32' },
  )
  const fresh = sqlFiles(scratch).filter((name) => !sqlFiles(migrations).includes(name))
  if (fresh.length > 0) {
    process.stderr.write(
      'The schema has changed without a migration. Run: pnpm drizzle-kit generate --name <what>\n',
    )
    process.exitCode = 1
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
