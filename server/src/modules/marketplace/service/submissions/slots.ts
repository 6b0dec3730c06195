import type { Deps } from '../../../../deps.ts'

/** Lets so many run at once and makes the others wait, in order. */
export interface Slots {
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createSlots(count: number): Slots {
  const waiting: (() => void)[] = []
  let free = count
  return {
    async run(work) {
      if (free > 0) free--
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await work()
      } finally {
        // Handed over rather than freed, so that nobody who comes later gets in between.
        const next = waiting.shift()
        if (next) next()
        else free++
      }
    },
  }
}

/** Packages looked into at once in one process: what bounds its memory and processor however many arrive. */
const OPEN_AT_ONCE = 4
const SCANS_AT_ONCE = 2

const perServer = new WeakMap<Deps['files'], { opening: Slots; scanning: Slots }>()

/** The slots of this server; several in one process (tests) have their own. */
export function slotsOf({ files }: Deps): { opening: Slots; scanning: Slots } {
  const known = perServer.get(files)
  if (known) return known
  const created = { opening: createSlots(OPEN_AT_ONCE), scanning: createSlots(SCANS_AT_ONCE) }
  perServer.set(files, created)
  return created
}
