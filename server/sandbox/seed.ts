import { newId, users } from '@devforge/db'
import { eq } from 'drizzle-orm'
import { systemContext } from '../src/context.ts'
import type { Deps } from '../src/deps.ts'
import { withEngine } from '../src/modules/auth/engine.ts'
import { inTx } from '../src/tx.ts'

/** Accounts to look around with. One per role, and one that publishes extensions. */
export const DEMO_ACCOUNTS = [
  { role: 'admin', email: 'admin@devforge.localhost', name: 'Ada Admin' },
  { role: 'agent', email: 'agent@devforge.localhost', name: 'Alan Agent' },
  { role: 'customer', email: 'customer@devforge.localhost', name: 'Cleo Customer' },
  { role: 'customer', email: 'author@devforge.localhost', name: 'Aria Author' },
] as const

/**
 * Makes the demo accounts that are missing. The plans need no seed: a migration brings them.
 * @param resetPasswords for an installation whose secrets are new while its database is not
 */
export async function seedDemo(
  deps: Deps,
  { password, resetPasswords }: { password: string; resetPasswords: boolean },
): Promise<void> {
  const ctx = systemContext(deps, { type: 'system', job: 'seed' })
  for (const { role, email, name } of DEMO_ACCOUNTS) {
    const [known] = await deps.db.select({ id: users.id }).from(users).where(eq(users.email, email))
    if (known && !resetPasswords) continue
    const passwordHash = await deps.passwords.hash(password)
    await inTx(ctx, async (ctx) => {
      if (known) {
        await withEngine(ctx, (stores) => stores.updatePassword(known.id, passwordHash))
        return
      }
      const id = newId('usr')
      await withEngine(ctx, async (stores) => {
        await stores.createUser({ id, name, email, emailVerified: true }, { method: 'email-password' })
        await stores.linkAccount({
          userId: id,
          providerId: 'credential',
          accountId: id,
          password: passwordHash,
        })
      })
      await ctx.db.update(users).set({ role }).where(eq(users.id, id))
    })
  }
}
