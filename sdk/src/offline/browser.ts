import { type LicenseStorage, memoryLicenseStorage } from './record.ts'

/** The part of `localStorage` that is used; the DOM's types are not needed for it. */
interface WebStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** Absent outside of browsers, and throws where the user forbade it. */
function webStorage(): WebStorage | undefined {
  try {
    return (globalThis as { localStorage?: WebStorage }).localStorage
  } catch {
    return undefined
  }
}

/** Keeps the license in `localStorage`; where there is none, until the page is closed. */
export function browserLicenseStorage(name = 'devforge.license'): LicenseStorage {
  const storage = webStorage()
  if (!storage) return memoryLicenseStorage()
  return {
    read: async () => storage.getItem(name),
    write: async (text) => storage.setItem(name, text),
    clear: async () => storage.removeItem(name),
  }
}

/** Names this browser by a random id that it keeps: a web page cannot, and should not, know the machine. */
export async function browserFingerprint(name = 'devforge.device'): Promise<string> {
  const storage = browserLicenseStorage(name)
  const known = await storage.read()
  if (known !== null && known.length >= 8) return known
  const id = crypto.randomUUID()
  await storage.write(id)
  return id
}
