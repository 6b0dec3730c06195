/** What a spreadsheet would take for the beginning of a formula. @see https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA = /^[=+\-@\t\r\n|]/

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const safe = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

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
