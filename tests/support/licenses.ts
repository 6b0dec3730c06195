import { randomBytes } from 'node:crypto'
import type { TestApp } from './app.ts'
import { type Person, signUp } from './people.ts'

/** A machine, as the editor would name it. */
export const fingerprint = (name = randomBytes(8).toString('hex')): string => `machine-${name}`

export interface Licensed {
  owner: Person
  admin: Person
  licenseId: string
  key: string
}

/** Somebody with a license that an admin issued. */
export async function licensed(
  t: TestApp,
  options: { plan?: string; expiresAt?: Date; seats?: number; owner?: Person; admin?: Person } = {},
): Promise<Licensed> {
  const owner = options.owner ?? (await signUp(t))
  const admin = options.admin ?? (await signUp(t, { role: 'admin' }))
  const { license, key } = await admin.forge.licenses.issue({
    userId: owner.id,
    plan: options.plan ?? 'pro',
    reason: 'a gift',
    ...(options.expiresAt ? { expiresAt: options.expiresAt } : {}),
    ...(options.seats ? { seats: options.seats } : {}),
  })
  return { owner, admin, licenseId: license.id, key }
}
