import { isIP } from 'node:net'
import { redact } from '../../redact.ts'

/** Paths and addresses of the web: they name people and what they work on. One slash alone may be a media type or `linux/x64`. */
const PATH_LIKE = /\\|^[/~]|^\.{1,2}\/|^[a-z][a-z+.-]*:\/\/|\/[^/]*\/|\/[^/]*\.[a-z]\w{0,7}$/i
const IP_LIKE = /\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b/

export type Properties = Record<string, string | number | boolean>

/** A value that names no person, machine or file; what does is replaced. */
function anonymousText(text: string): string {
  const redacted = redact(text)
  if (PATH_LIKE.test(redacted)) return '[path]'
  if (isIP(redacted) !== 0 || IP_LIKE.test(redacted)) return '[address]'
  return redacted
}

/** Properties as they may be kept. A member whose very name is a secret is left out. */
export const anonymous = (properties: Properties): Properties =>
  Object.fromEntries(
    Object.entries(properties).flatMap(([name, value]) => {
      if (redact(name) !== name) return []
      return [[name, typeof value === 'string' ? anonymousText(value) : value]]
    }),
  )

/** Whether an event's name is a word of the program and not something that was put into it. */
export const isAnonymousName = (name: string): boolean => redact(name) === name
