import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { startEmbedded } from '@devforge/db/embedded'
import { describe, expect, test, vi } from 'vitest'
import { isPostgresIn, killAndWait, query, spawnChild } from './embedded-support.ts'

/** A user with a name on every Linux, and one without any, as in containers that run under an arbitrary id. */
const NOBODY = 65_534
const NAMELESS = 54_321

function can(user: number, command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { uid: user, gid: user, stdio: 'ignore', cwd: '/' })
    return true
  } catch {
    return false
  }
}

const asRoot = process.getuid?.() === 0 && process.platform === 'linux'
const reachable =
  asRoot && can(NOBODY, process.execPath, '--check', path.join(import.meta.dirname, 'embedded-child.ts'))
const namespaces = reachable && can(NAMELESS, 'unshare', '--user', '--map-user=65534', 'true')

/** A folder with the mode 0700 of this user. */
function folderOf(user: number): string {
  const home = mkdtempSync(path.join(os.tmpdir(), `devforge-test-${process.pid}-user-`))
  chownSync(home, user, user)
  return home
}

/** The server writes until its guard has stopped it. */
async function remove(home: string): Promise<void> {
  await vi.waitFor(() => expect(isPostgresIn(home)).toBe(false), 5_000)
  rmSync(home, { recursive: true, force: true })
}

// Only root can become somebody else; a run as a normal user shows the same by every other test.
describe.runIf(asRoot)('other users', () => {
  test.for([
    { who: 'a normal user', user: NOBODY, possible: reachable },
    { who: 'a user without a name', user: NAMELESS, possible: namespaces },
  ])('$who starts it', async ({ user, possible }, context) => {
    if (!possible) return context.skip('this checkout, or user namespaces, are closed to other users here')
    const home = folderOf(user)
    const child = spawnChild(path.join(home, 'data'), 'wait', user)
    try {
      const said = await child.next()
      expect(said).toMatchObject({ fresh: true, home: path.join(home, 'data') })
      expect(statSync(path.join(home, 'data', 'cluster')).uid).toBe(user)
      expect(await query(String(said.url), 'select 1 as one')).toEqual([{ one: 1 }])
    } finally {
      await killAndWait(child.process)
      await remove(home)
    }
  })

  test("root in somebody's checkout acts as that somebody, who can go on alone", async (context) => {
    if (!reachable) return context.skip('this checkout is closed to other users here')
    const home = folderOf(NOBODY)
    const dir = path.join(home, '.data', 'postgres')
    try {
      const server = await startEmbedded({ dir, port: 0, durable: false })
      await query(server.url, 'create table made_by_root ()')
      await server.stop()
      for (const file of ['', 'cluster', 'password', 'postgres.log']) {
        expect(statSync(path.join(dir, file)).uid, file).toBe(NOBODY)
      }
      const child = spawnChild(dir, 'wait', NOBODY)
      const said = await child.next()
      expect(said).toMatchObject({ fresh: false })
      expect(await query(String(said.url), 'select * from made_by_root')).toEqual([])
      await killAndWait(child.process)
    } finally {
      await remove(home)
    }
  })
})
