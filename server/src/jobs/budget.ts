import { SECOND } from '../clock.ts'

/** Whether a run of a job has worked long enough: what is left is for the next one. */
export type Budget = () => boolean

/** Well below the time after which the queue takes a job for dead and gives it to another: the last piece of work may take long, too. */
const RUN_MS = 20 * SECOND

export function startBudget(): Budget {
  const endsAt = performance.now() + RUN_MS
  return () => performance.now() >= endsAt
}
