import { setTimeout as sleep } from 'node:timers/promises'

/** For a machine that is busy with other things: starting a server takes 1 s of work, and there it may take 10. */
export const TEST_MS = 90_000

/** Far above what anything here takes, and below every age after which a periodic job would repair it anyway. */
const PATIENCE_MS = 18_000

/** Looks again and again until something holds. @throws when it does not hold in time, naming it */
export async function until(what: string, look: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`Waited ${PATIENCE_MS / 1000} s, but not: ${what}`)
    await sleep(25)
  }
}
