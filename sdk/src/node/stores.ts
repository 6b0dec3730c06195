import { join } from 'node:path'
import type { AnalyticsStorage } from '../analytics/record.ts'
import type { TextStorage } from '../client/text-storage.ts'
import type { LicenseStorage } from '../offline/record.ts'
import { isStoredSession, type SessionStore } from '../session.ts'
import type { TicketOutboxStorage } from '../support/outbox.ts'
import { configFolder, readText, removeFile, writeText } from './files.ts'

export interface FileStoreOptions {
  /** The file itself, instead of one in the user's folder for settings. */
  file?: string
  /** The application's folder among the user's settings. Default: `devforge`. */
  app?: string
}

const fileOf = ({ file, app = 'devforge' }: FileStoreOptions, name: string): string =>
  file ?? join(configFolder(app), name)

const textFile = (file: string): TextStorage => ({
  read: () => readText(file),
  write: (text) => writeText(file, text),
  clear: () => removeFile(file),
})

/** Keeps the license in a file that only its owner may read, written atomically. */
export function fileLicenseStorage(options: FileStoreOptions = {}): LicenseStorage {
  return textFile(fileOf(options, 'license.json'))
}

/** Keeps tickets and answers that wait for a network in a file that only its owner may read. */
export function fileTicketOutboxStorage(options: FileStoreOptions = {}): TicketOutboxStorage {
  return textFile(fileOf(options, 'tickets.json'))
}

/** Keeps what analytics have to tell in a file, until it is told. Removed when the consent is withdrawn. */
export function fileAnalyticsStorage(options: FileStoreOptions = {}): AnalyticsStorage {
  return textFile(fileOf(options, 'analytics.json'))
}

/**
 * Keeps the session in a file that only its owner may read. In Electron prefer a store over `safeStorage`, which also
 * encrypts it.
 */
export function fileSessionStore(options: FileStoreOptions = {}): SessionStore {
  const file = fileOf(options, 'session.json')
  return {
    async get() {
      const text = await readText(file)
      if (text === null) return null
      try {
        const session: unknown = JSON.parse(text)
        return isStoredSession(session) ? session : null
      } catch {
        // Not ours, or cut off by a full disk: then nobody is signed in.
        return null
      }
    },
    set: (session) => writeText(file, JSON.stringify(session)),
    clear: () => removeFile(file),
  }
}
