import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes of buffers that may pass before those used up are collected. */
const RELIEF_BYTES = 8 * 1024 * 1024

type Collect = (options: { type: 'minor' }) => void
let collect: Collect | null | undefined

/** The engine's own collector, which is found under a name only while this flag is set. */
function collector(): Collect | null {
  if (collect !== undefined) return collect
  try {
    setFlagsFromString('--expose-gc')
    const found: unknown = runInNewContext('gc')
    collect = typeof found === 'function' ? (found as Collect) : null
  } catch {
    collect = null
  }
  return collect
}

let passed = 0

/**
 * To be told of every buffer that files pass through. V8 lets 64 MB of buffers pile up before it looks for dead ones, so that a large
 * upload, read in one-way buffers, costs that much although two of them are alive at a time. A collection of the young ones every
 * 8 MB takes about a millisecond.
 */
export function relieve(bytes: number): void {
  passed += bytes
  if (passed < RELIEF_BYTES) return
  passed = 0
  collector()?.({ type: 'minor' })
}
