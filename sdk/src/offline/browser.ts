import { browserTextStorage } from '../client/text-storage.ts'
import type { LicenseStorage } from './record.ts'

/** Keeps the license in `localStorage`; where there is none, until the page is closed. */
export const browserLicenseStorage = (name = 'devforge.license'): LicenseStorage => browserTextStorage(name)

/** Names this browser by a random id that it keeps: a web page cannot, and should not, know the machine. */
export async function browserFingerprint(name = 'devforge.device'): Promise<string> {
  const storage = browserLicenseStorage(name)
  const known = await storage.read()
  if (known !== null && known.length >= 8) return known
  const id = crypto.randomUUID()
  await storage.write(id)
  return id
}
