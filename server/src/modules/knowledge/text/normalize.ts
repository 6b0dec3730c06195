import { redact } from '../../../redact.ts'
import { fold } from '../../marketplace/service/search/words.ts'

const MAX_WORDS = 12
const MAX_LENGTH = 120

/**
 * What is kept of a search: plain words in lower case. Mail addresses, tokens, paths, addresses of the web and numbers that could name a
 * person or an order are left out.
 */
export function normalizeQuery(text: string): string {
  const redacted = redact(text)
    // What was redacted, with what clings to it.
    .replace(/\S*\[(?:mail|redacted|user)\]\S*/g, ' ')
    .replace(/\b[a-z][a-z+.-]*:\/\/\S+/gi, ' ')
    .replace(/\S*@\S*/g, ' ')
    .replace(/(?:[a-z]:)?(?:[\\/]{1,2}[^\s\\/]+){2,}[\\/]?/gi, ' ')
    .replace(/~\S*/g, ' ')
  const words = fold(redacted).match(/[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}.+#'-]*/gu) ?? []
  return words
    .map((word) => word.replace(/[.'-]+$/, ''))
    .filter((word) => (word.match(/\p{N}/gu)?.length ?? 0) <= 4)
    .slice(0, MAX_WORDS)
    .join(' ')
    .slice(0, MAX_LENGTH)
}
