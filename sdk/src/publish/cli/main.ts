#!/usr/bin/env node
import { EXIT, type Io } from './io.ts'
import { runCli } from './run.ts'

const interrupt = new AbortController()
/** Time to say how it ended. */
const LAST_WORDS_MS = 500
// Ctrl+C ends what is under way; a second one, or what does not listen, ends with the process.
process.once('SIGINT', () => {
  interrupt.abort()
  const end = (): never => process.exit(EXIT.interrupted)
  process.once('SIGINT', end)
  setTimeout(end, LAST_WORDS_MS).unref()
})
// Somebody closed the other end (`devforge search x | head`).
process.stdout.on('error', () => process.exit(EXIT.ok))

const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  columns: process.stderr.columns || 80,
  env: process.env,
  cwd: process.cwd(),
  signal: interrupt.signal,
}
process.exitCode = await runCli(process.argv.slice(2), io)
