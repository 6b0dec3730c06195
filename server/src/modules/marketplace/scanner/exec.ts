import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { type Scanner, ScannerFailure } from './types.ts'

const MAX_OUTPUT_CHARACTERS = 2_000

/** A program that reads the package on its standard input: exit code 0 is clean, 1 is infected (its first line says with what). */
export function execScanner(path: string): Scanner {
  return {
    async scan(bytes, signal) {
      const child = spawn(path, [], { stdio: ['pipe', 'pipe', 'ignore'], signal, killSignal: 'SIGKILL' })
      const ended = once(child, 'close')
      ended.catch(() => undefined)
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (output.length < MAX_OUTPUT_CHARACTERS) output += text
      })
      // One that has seen enough may close its input: its exit code tells.
      const fed = pipeline(bytes, child.stdin).catch((error: unknown) => error)
      try {
        const [code, killedBy] = await ended
        if (code === 0) {
          const failure = await fed
          // A verdict over half a file is none.
          if (failure !== undefined)
            throw new ScannerFailure('The malware scanner did not read the whole package.', {
              cause: failure,
            })
          return { clean: true }
        }
        if (code === 1)
          return { clean: false, name: output.split('\n')[0]?.trim().slice(0, 200) || 'malware' }
        throw new ScannerFailure(`The malware scanner failed (${killedBy ?? `exit code ${code}`}).`)
      } catch (error) {
        if (error instanceof ScannerFailure) throw error
        throw new ScannerFailure(
          signal.aborted
            ? 'The malware scanner did not answer in time.'
            : 'The malware scanner cannot be started.',
          { cause: error },
        )
      }
    },
  }
}
