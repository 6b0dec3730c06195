import { appendFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Everything the servers of this run logged: a test reads it and looks for secrets. */
export const suiteLogFile = (): string =>
  join(tmpdir(), `devforge-suite-log-${process.env.DEVFORGE_TEST_RUN ?? process.ppid}.jsonl`)

/** A destination for pino that adds to the log of the suite. */
export function logSink(): { write(line: string): void } {
  const file = suiteLogFile()
  return { write: (line) => appendFileSync(file, line) }
}
