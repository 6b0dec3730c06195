import { readdir, readFile } from 'node:fs/promises'

/** The kernel's clock tick, by which it accounts time; 100 Hz on every Linux that Node runs on. */
const MICROS_PER_TICK = 10_000

/** Processor time used so far by a process and its children, in µs; null where there is no /proc. */
export async function cpuOfTree(pid: number): Promise<number | null> {
  const names = await readdir('/proc').catch(() => null)
  if (names === null) return null
  let ticks = 0
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    // After the command, which may hold anything: state, parent, … and from the 12th on user and system time, its own and
    // that of children which have ended.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const times =
      name === String(pid) ? fields.slice(11, 15) : fields[1] === String(pid) ? fields.slice(11, 13) : []
    for (const time of times) ticks += Number(time)
  }
  return ticks * MICROS_PER_TICK
}
