import { appendFileSync } from 'node:fs'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Everything the servers of this run logged; looked through for secrets when the run ends. */
    suiteLog: string
  }
}

/** A destination for pino that adds to the log of the suite. */
export function logSink(): { write(line: string): void } {
  const file = inject('suiteLog')
  return { write: (line) => appendFileSync(file, line) }
}
