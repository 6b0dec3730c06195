import type { Findings } from '../findings.ts'
import type { InspectedFile } from './files.ts'
import { lineAt, type TextWindow } from './windows.ts'

/**
 * Code that nobody sees (as GlassWorm hides it): bytes written as variation selectors or private-use characters, which editors and
 * reviews show as nothing. An emoji takes one selector, an icon font one private-use character at a time; runs carry a payload.
 */
const RUNS: [what: string, pattern: RegExp][] = [
  // Tags spell the flags of regions in up to seven; selectors never stand two in a row.
  ['variation selectors', /[\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]{4,}/u],
  ['tag characters', /[\u{E0000}-\u{E007F}]{9,}/u],
  ['private-use characters', /[\u{E000}-\u{F8FF}\u{F0000}-\u{FFFFD}\u{100000}-\u{10FFFD}]{16,}/u],
  ['zero-width characters', /[\u200B-\u200F\u2060-\u2064\uFEFF\u180E]{8,}/u],
]

/** A payload can also be spread, a selector behind each letter. No text has hundreds of these; U+FE0E and U+FE0F are for emoji. */
const SELECTORS = /[\u{FE00}-\u{FE0D}\u{E0100}-\u{E01EF}]/gu
const MAX_SELECTORS = 200

/** Prose is not run, style sheets and fonts are full of private-use characters. */
const NOT_CODE = new Set(['.md', '.markdown', '.txt', '.rst', '.css', '.scss', '.less', '.svg', '.map'])

/** @returns a look at each window of a file; a person has to look at what it finds */
export function hiddenCodeCheck(file: InspectedFile, findings: Findings): (window: TextWindow) => void {
  if (!file.isCode && NOT_CODE.has(file.extension)) return () => {}
  let selectors = 0
  let isTold = false
  const tell = (message: string, line: number) => {
    isTold = true
    findings.add({ rule: 'hidden-code', severity: 'hold', message, file: file.name, line })
  }
  return (window) => {
    if (window.isAscii || isTold) return
    for (const [what, pattern] of RUNS) {
      const run = pattern.exec(window.text)
      if (run) {
        tell(`A run of ${what}, which nobody can see: code may hide in it.`, lineAt(window, run.index))
        return
      }
    }
    for (const match of window.text.matchAll(SELECTORS)) {
      if (++selectors <= MAX_SELECTORS) continue
      const message = `More than ${MAX_SELECTORS} variation selectors, which nobody can see: code may hide in them.`
      tell(message, lineAt(window, match.index))
      return
    }
  }
}
