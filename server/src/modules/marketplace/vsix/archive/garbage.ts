import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** As much as may lie about: a few chunks of several packages at once. */
const LITTER_BYTES = 4 * 1024 * 1024

let collectYoung: (() => void) | undefined
let litterBytes = 0

/**
 * Counts buffers that are read through and dropped. V8 lets up to 64 MB of them lie before it looks, since they take nothing of its own
 * heap; reading a large package would hold that much. Collecting the young generation takes a millisecond and frees them.
 */
export function dropped(bytes: number): void {
  litterBytes += bytes
  if (litterBytes < LITTER_BYTES) return
  litterBytes = 0
  collectYoung ??= youngCollector()
  collectYoung()
}

/** V8 gives its collector only to contexts that are made after it was asked for. */
function youngCollector(): () => void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  return typeof collect === 'function' ? () => collect({ type: 'minor' }) : () => {}
}
