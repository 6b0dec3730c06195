/** In characters. Longer texts are not parsed: this much takes a good part of a second when it is dense. */
const MAX_MARKDOWN_LENGTH = 256 * 1024
/** marked compares each mark with all others of its paragraph; a table of 500 rows with ten marks each is well within. */
const MAX_COST = 48_000_000
/** It calls itself for each quote in a quote and each list in a list. */
const MAX_NESTING = 100

/**
 * Whether a text by a stranger can be given to `marked` in a request: its time grows with the square of the marks in a paragraph
 * (32 KB of `_a_a_a…` take seconds), and quotes within quotes end its stack. What is refused here has to be shown as plain text.
 */
export function isCostlyMarkdown(text: string): boolean {
  if (text.length > MAX_MARKDOWN_LENGTH) return true
  let cost = 0
  let marks = 0
  for (const line of text.split('\n')) {
    if (nesting(line) > MAX_NESTING) return true
    // A blank line ends a paragraph, and so does one that starts a heading, a quote or a list.
    if (/^\s*(?:$|#|>|[-*+]\s)/.test(line)) marks = 0
    const more = line.match(/[*_~`[\]<>!&(]/g)?.length ?? 0
    cost += more * (2 * marks + more)
    if (cost > MAX_COST) return true
    marks += more
  }
  return false
}

/** How many quotes and lists a line opens at once, and how deep it is indented as an item of a list: two blanks a step at least. */
function nesting(line: string): number {
  const [opening = ''] = /^(?:[\s>]|[-*+]\s|\d{1,9}[.)]\s)*/.exec(line) ?? []
  const opened = opening.match(/[>*+.)-]/g)?.length ?? 0
  const blanks = /^\s*(?=[-*+\d])/.exec(line)?.[0].length ?? 0
  return opened + Math.floor(blanks / 2)
}
