import { type Fields, isFields } from '../client/failure.ts'
import type { TextStorage } from '../client/text-storage.ts'

/** Where events wait between starts: one text, written as a whole. Several processes may share one. */
export interface AnalyticsStorage extends TextStorage {}

/** What an event says of itself: flat, short, and nothing that names a person. */
export type AnalyticsProperties = Record<string, string | number | boolean>

/** An event that waits to be sent. */
export interface QueuedEvent {
  id: string
  name: string
  /** ms since 1970. */
  atMs: number
  properties: AnalyticsProperties
}

/** That there is a record at all says that the user has consented. */
export interface AnalyticsRecord {
  clientId: string
  events: QueuedEvent[]
}

const VERSION = 1
/** What the server takes. */
const CLIENT_ID = /^[A-Za-z0-9_-]{16,64}$/

export const spellRecord = (record: AnalyticsRecord): string =>
  JSON.stringify({ version: VERSION, ...record })

/** @returns null for what is not ours: then the consent counts from now */
export function parseRecord(text: string | null): AnalyticsRecord | null {
  const value = parse(text)
  if (!isFields(value) || !Array.isArray(value.events)) return null
  const { clientId } = value
  if (typeof clientId !== 'string' || !CLIENT_ID.test(clientId)) return null
  return { clientId, events: value.events.filter(isQueuedEvent) }
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}

const isQueuedEvent = (value: unknown): value is QueuedEvent =>
  isFields(value) &&
  typeof value.id === 'string' &&
  typeof value.name === 'string' &&
  Number.isFinite(value.atMs) &&
  isFields(value.properties) &&
  areProperties(value.properties)

const areProperties = (properties: Fields): boolean =>
  Object.values(properties).every((value) => ['string', 'number', 'boolean'].includes(typeof value))
