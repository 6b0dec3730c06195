import { redact } from '../redact.ts'
import type { AnalyticsProperties } from './record.ts'

// What the server takes; an event that it would refuse is not even queued.
const EVENT_NAME = /^[a-z][a-zA-Z0-9]*(?:\.[a-z][a-zA-Z0-9_]*)+$/
const MAX_NAME_LENGTH = 64
const PROPERTY_NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,39}$/
const MAX_PROPERTIES = 20
const MAX_TEXT_LENGTH = 200

export const isEventName = (name: unknown): name is string =>
  typeof name === 'string' && name.length <= MAX_NAME_LENGTH && EVENT_NAME.test(name)

/** Control characters, and halves of characters that cutting leaves. */
const UNSTORABLE = /[\p{Cc}\p{Cs}]/gu

const tame = (text: string): string => redact(text).slice(0, MAX_TEXT_LENGTH).replace(UNSTORABLE, ' ')

/** The properties that may be sent; texts without what looks like a token, a mail address or somebody's home. The rest is left out. */
export function cleanProperties(given: object): AnalyticsProperties {
  const kept: [string, string | number | boolean][] = []
  for (const [name, value] of Object.entries(given)) {
    if (!PROPERTY_NAME.test(name) || kept.length >= MAX_PROPERTIES) continue
    if (typeof value === 'string') kept.push([name, tame(value)])
    else if (typeof value === 'boolean' || Number.isFinite(value)) kept.push([name, value])
  }
  return Object.fromEntries(kept)
}
