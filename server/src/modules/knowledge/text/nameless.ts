import { redact } from '../../../redact.ts'

/** Shorter ones are words of their own too often. */
const MIN_NAME = 3
const MAX_NAMES = 100

/** Numbers that may call, pay or be billed to somebody: phones, cards, IBANs, orders. */
const LONG_NUMBER = /(?<![\w.])(?:[A-Z]{2}\d{2}[ ]?)?\+?\(?\d(?:[\d ()/.-]{5,40})\d(?![\w.])/g
const IP =
  /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<![\w:])(?:(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}|(?=[a-f:]{0,40}\d)(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6})(?![\w:])/gi
/** Ids of ours, and numbers of tickets. */
const ID = /\b[a-z]{3}_[0-9a-z]{26}\b|(?<![\w/])#\d{2,}\b/g

const digitsOf = (text: string): number => text.replace(/\D/g, '').length

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The parts that somebody may be called by: `Ada Lovelace`, `ada.lovelace@example.com` → `ada lovelace`, `ada`, `lovelace`. */
function namesOf(people: readonly string[]): string[] {
  const names = new Set<string>()
  for (const person of people) {
    const name = person.replace(/@.*$/s, '')
    for (const part of [name, ...name.split(/[\s._+'’-]+/)])
      if (part.trim().length >= MIN_NAME && /\p{L}/u.test(part)) names.add(part.trim().toLowerCase())
  }
  // The longest first, so that no half of a name is left.
  return [...names].sort((a, b) => b.length - a.length).slice(0, MAX_NAMES)
}

/**
 * A text without what could name somebody, as far as patterns and the names of those who took part know it. Somebody has to read it all the
 * same: what people tell of themselves has no pattern.
 */
export function nameless(text: string, people: readonly string[]): string {
  const names = namesOf(people)
  const named =
    names.length === 0
      ? null
      : new RegExp(
          `(?<![\\p{L}\\p{N}])(?:${names.map(escaped).join('|')})(?:['’]s)?(?![\\p{L}\\p{N}])`,
          'giu',
        )
  const plain = redact(text)
    .replace(ID, '[id]')
    .replace(IP, '[address]')
    .replace(LONG_NUMBER, (number) => (digitsOf(number) >= 7 ? '[number]' : number))
  return named ? plain.replace(named, '[name]') : plain
}
