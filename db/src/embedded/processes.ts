import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** Whether a process with this id exists, whosever it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

/**
 * A text that tells this process from every later one that gets the same id: its start, and on Linux also the boot.
 * `undefined` where the system does not say.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // The name in parentheses may hold spaces; behind it, field 22 of proc(5) is the start in clock ticks since boot.
      const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      return startTicks ? `${boot}/${startTicks}` : undefined
    }
    if (process.platform === 'win32') return undefined
    return ps(pid, 'lstart=') || undefined
  } catch {
    return undefined
  }
}

/** Whether `pid` is a postmaster on this very cluster, and not just any process that got the number. */
export function isPostmaster(pid: number, cluster: string): boolean {
  if (!isAlive(pid)) return false
  if (process.platform === 'win32') return true
  try {
    if (process.platform !== 'linux') return ps(pid, 'command=').includes(cluster)
    // The command line is open to all, unlike /proc/<pid>/exe and cwd, which root in a container may not read.
    const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return path.basename(program) === 'postgres' && args.includes(cluster)
  } catch {
    return false
  }
}

function ps(pid: number, column: string): string {
  return execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8' }).trim()
}

/** The code of a system error, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  return typeof code === 'string' ? code : undefined
}
