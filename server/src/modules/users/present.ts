import type { users } from '@devforge/db'
import type { User } from './schemas.ts'

type UserRow = Pick<
  typeof users.$inferSelect,
  | 'id'
  | 'email'
  | 'claimedEmail'
  | 'emailVerified'
  | 'name'
  | 'image'
  | 'locale'
  | 'role'
  | 'twoFactorEnabled'
  | 'createdAt'
>

/** An account as its owner sees it. A shadow account shows the address that it asked for, unproven, like any new account. */
export const presentUser = (row: UserRow): User => ({
  id: row.id,
  email: row.claimedEmail ?? row.email,
  emailVerified: row.claimedEmail === null && row.emailVerified,
  name: row.name,
  avatarUrl: row.image,
  locale: row.locale,
  role: row.role,
  twoFactorEnabled: row.twoFactorEnabled,
  createdAt: row.createdAt,
})
