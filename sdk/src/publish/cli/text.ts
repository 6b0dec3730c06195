import { UsageError } from './io.ts'

/** Texts of strangers (names, descriptions) must not steer a terminal. */
export const shown = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ')

/** Rows under one another; the last column is not padded. */
export function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** `publisher.name@1.2.3`, the version where it is there. @throws UsageError */
export function extensionOf(operand: string): { id: string; version: string | undefined } {
  const [, id, version] = /^([^@\s]+\.[^@\s]+?)(?:@([^@\s]+))?$/.exec(operand) ?? []
  if (id === undefined)
    throw new UsageError(`"${operand}" is no extension. Write publisher.name or publisher.name@version.`)
  return { id, version }
}
