/** What a spreadsheet would take for the beginning of a formula. @see https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA = /^[=+\-@＝＋－＠\t\r\n|]/u

/** A text as a cell: one that a spreadsheet would run as a formula gets an apostrophe in front. */
export function csvText(text: string): string {
  const tame = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame
}

/** Numbers are left alone, so that negative ones stay numbers. */
const cell = (value: string | number): string => (typeof value === 'number' ? String(value) : csvText(value))

/**
 * RFC 4180 with a header line. Texts that a spreadsheet would run as a formula get an apostrophe in front; numbers are left alone.
 */
export function toCsv<K extends string>(
  columns: readonly K[],
  rows: readonly Record<K, string | number>[],
): string {
  const lines = [columns.map(cell), ...rows.map((row) => columns.map((column) => cell(row[column])))]
  return `${lines.map((line) => line.join(',')).join('\r\n')}\r\n`
}
