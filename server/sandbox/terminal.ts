import { createWriteStream } from 'node:fs'
import { join } from 'node:path'

const WARN = 40
const bold = (text: string): string => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[22m` : text)

/** Writes a line for the person at the terminal. */
export const say = (text = ''): void => {
  process.stdout.write(`${text}\n`)
}

/** A table of two or three columns, aligned, without lines. */
export function table(title: string, rows: (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [bold(title), ...lines.map((line) => `  ${line}`)].join('\n')
}

/**
 * Where the log goes in a demo: as JSON lines into a file; of it the terminal shows what a person wants to see as it happens,
 * which is mails with their links, and trouble.
 */
export function demoLog(dataDir: string): {
  file: string
  destination: { write(line: string): void; flush(done: () => void): void }
} {
  const file = join(dataDir, 'server.log')
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 })
  return {
    file,
    destination: {
      write(line) {
        stream.write(line)
        const entry: { level: number; msg?: string; err?: { message?: string } } = JSON.parse(line)
        const text = entry.msg ?? ''
        if (text.startsWith('mail for ')) say(`✉  ${text}`)
        else if (entry.level >= WARN && text !== 'request')
          say(`!  ${text}${entry.err?.message ? `: ${entry.err.message}` : ''}`)
      },
      flush: (done) => {
        stream.end(done)
      },
    },
  }
}
