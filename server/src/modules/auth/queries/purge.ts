import { type Db, deviceCodes, sessions, verifications } from '@devforge/db'
import { lt } from 'drizzle-orm'

/** Removes what has ended: sessions, tokens of mails, requests of devices. */
export async function purgeExpired(db: Db, now: Date): Promise<void> {
  await db.delete(sessions).where(lt(sessions.expiresAt, now))
  await db.delete(verifications).where(lt(verifications.expiresAt, now))
  await db.delete(deviceCodes).where(lt(deviceCodes.expiresAt, now))
}
