// Our own, in one pass over the lines: the kept parsers match whole texts with expressions that take minutes over 50 KB of blank lines or of
// `On On On`, and everybody can send us a mail.

const QUOTED = /^\s{0,3}>/
/** What Outlook and others put between an answer and what it answers. */
const DIVIDER = /^\s{0,3}(?:_{10,}|-{2,}\s{0,3}[\p{L} ]{3,40}\s{0,3}-{2,})\s{0,3}$/u
/** `From: …`, `Von: …`: a letter's head, copied into the text. Two such lines in a row are one. */
const HEAD_LINE = /^\s{0,3}\*{0,2}\p{Lu}[\p{L}' ]{1,20}\s?:\*{0,2}\s/u
const HEAD_START = /^\s{0,3}\*{0,2}(?:From|Von|De|Da|Van|Från|Fra|Od|Lähettäjä|От|发件人|差出人)\s?:/u
/** What ends with `wrote:` in whatever language: a line with a time or an address in it, and a colon at its end. */
const ATTRIBUTION = /(?:@|\d{1,4}[.:/-]\d{1,2}|\b\d{4}\b).{0,200}:\s{0,3}$/
/** What it begins with, should it be broken into lines. */
const BEGINS_ATTRIBUTION = /@|\d{1,2}[.:/-]\d{1,2}|\b\d{4}\b/
/** The same without either, where the word for it is known. */
const SAID =
  /\p{L}.{0,200}\s(?:wrote|schrieb|écrit|escribió|scritto|escreveu|schreef|skrev|napisała?|kirjoitti|написала?)\s?:\s{0,3}$/u
/** RFC 3676, 4.3; mail programs drop the blank at its end. */
const SIGNATURE = /^--\s?$/
const SENT_FROM =
  /^\s{0,3}(?:Sent from my|Sent from Mail for|Get Outlook for|Von meinem .{2,40} gesendet|Gesendet von|Envoyé de mon|Enviado desde mi|Inviato da)\b/i

/** A text as it was written anew: without what it quotes and without its signature. Quotes that are answered line by line stay. */
export function withoutQuotes(text: string): string {
  const lines = text.split('\n')
  const quotedFrom = lastQuote(lines)
  const end = lines.findIndex((line, i) => startsQuote(lines, i, line, quotedFrom))
  const kept = end === -1 ? lines : lines.slice(0, end)
  const signature = kept.findIndex((line) => SIGNATURE.test(line) || SENT_FROM.test(line))
  return (signature === -1 ? kept : kept.slice(0, signature)).join('\n').trim()
}

/** Lines that an attribution may be broken into. */
const MAX_ATTRIBUTION_LINES = 3

function startsQuote(lines: string[], i: number, line: string, quotedFrom: number): boolean {
  if (line.length > 300) return false
  if (DIVIDER.test(line)) return true
  if (HEAD_START.test(line)) return HEAD_LINE.test(lines[i + 1] ?? '')
  // The rest is quoted to the end, but for blank lines and a signature: nothing new comes after it.
  if (QUOTED.test(line)) return i >= quotedFrom
  if (SAID.test(line)) return quotesAfter(lines, i + 1, quotedFrom)
  for (let n = 0; n < MAX_ATTRIBUTION_LINES && BEGINS_ATTRIBUTION.test(line); n++) {
    const said = lines.slice(i, i + n + 1).join(' ')
    if (said.length <= 300 && ATTRIBUTION.test(said)) return quotesAfter(lines, i + n + 1, quotedFrom)
  }
  return false
}

function quotesAfter(lines: string[], from: number, quotedFrom: number): boolean {
  const next = nextWithText(lines, from)
  return next !== -1 && next >= quotedFrom && QUOTED.test(lines[next] ?? '')
}

/** Looked at for a few lines only, else many blank ones would be walked again and again. */
function nextWithText(lines: string[], from: number): number {
  for (let i = from; i < Math.min(lines.length, from + 5); i++) if (lines[i]?.trim()) return i
  return -1
}

/** From which line on there is nothing but quotes, blank lines and a signature. */
function lastQuote(lines: string[]): number {
  const signature = lines.findIndex((line) => SIGNATURE.test(line) || SENT_FROM.test(line))
  const end = signature === -1 ? lines.length : signature
  for (let i = end - 1; i >= 0; i--) {
    const line = lines[i] ?? ''
    if (line.trim() !== '' && !QUOTED.test(line)) return i + 1
  }
  return 0
}
