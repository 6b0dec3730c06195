import type { Findings } from '../findings.ts'

/** Deeper than any manifest, and well within what recursive readers bear. */
const MAX_DEPTH = 64

type Json = Record<string, unknown>

/**
 * Parses a manifest that all readers must understand alike: no key twice where it decides something, no `__proto__`, no text that
 * a database cannot keep.
 * @returns null when it is not an object of JSON; findings say why
 */
export function parseStrictJson(text: string, file: string, findings: Findings): Json | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    findings.error('manifest-json', 'The file is not JSON.', { file })
    return null
  }
  if (!isObject(value)) {
    findings.error('manifest-json', 'The file is not an object.', { file })
    return null
  }
  return scan(text, file, findings) ? value : null
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

interface Level {
  /** Null in a list. */
  keys: Set<string> | null
  /** The key under which this level lies. */
  under: string
}

/** Walks over JSON that is known to be well-formed, for what `JSON.parse` keeps to itself. */
function scan(text: string, file: string, findings: Findings): boolean {
  const levels: Level[] = []
  let lastKey = ''
  let isSound = true
  const refuse = (message: string, at: number) => {
    isSound = false
    findings.error('manifest-json', message, { file, line: lineAt(text, at) })
  }
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    const level = levels.at(-1)
    if (char === '{' || char === '[') {
      levels.push({ keys: char === '{' ? new Set() : null, under: lastKey })
      if (levels.length > MAX_DEPTH) {
        refuse(`The file is nested more than ${MAX_DEPTH} deep.`, at)
        return false
      }
    } else if (char === '}' || char === ']') levels.pop()
    if (char !== '"') continue

    const end = stringEnd(text, at)
    const string = text.slice(at, end)
    const value = string.includes('\\') ? String(JSON.parse(string)) : string.slice(1, -1)
    if (value.includes('\0') || !value.isWellFormed()) {
      refuse('A text holds a NUL or half a character, which cannot be kept.', at)
    }
    if (level?.keys && isColon(text, end)) {
      if (value === '__proto__') refuse('The key __proto__ is not taken.', at)
      if (level.keys.has(value)) {
        const message = `The key "${value}" is there twice: which one counts depends on who reads it.`
        if (decides(levels)) refuse(message, at)
        else
          findings.add({ rule: 'manifest-json', severity: 'warning', message, file, line: lineAt(text, at) })
      }
      level.keys.add(value)
      lastKey = value
    }
    at = end - 1
  }
  return isSound
}

/** Identity, engine and dependencies are at the top; deeper down, doubled keys are a slip that editors live with. */
const decides = (levels: Level[]): boolean =>
  levels.length === 1 || (levels.length === 2 && levels[1]?.under === 'engines')

function stringEnd(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function isColon(text: string, from: number): boolean {
  let at = from
  while (/\s/.test(text[at] ?? '')) at++
  return text[at] === ':'
}

function lineAt(text: string, position: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < position; at = text.indexOf('\n', at + 1)) line++
  return line
}
