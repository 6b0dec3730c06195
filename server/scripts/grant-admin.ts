/**
 * Makes an account an admin: `pnpm grant-admin you@example.com`. For the first one, whom no admin can appoint; audited like
 * every change of a role. Reads the environment like the server does (DATABASE_URL, DEVFORGE_SECRET).
 */
import { users } from '@devforge/db'
import { eq } from 'drizzle-orm'
import { type Actor, systemContext } from '../src/context.ts'
import { createDeps } from '../src/deps.ts'
import { parseEnv } from '../src/env.ts'
import { setRole } from '../src/modules/admin/service/users.ts'

const say = (text: string): void => void process.stderr.write(`${text}\n`)
const email = process.argv[2]?.trim().toLowerCase()
const env = parseEnv({ ...process.env, WORKER: 'false', LOG_LEVEL: 'error' })

if (!email?.includes('@')) {
  say('Usage: pnpm grant-admin you@example.com\nThe account must exist: sign up first.')
  process.exitCode = 1
} else if (!env.DATABASE_URL) {
  say(
    'Set DATABASE_URL to the database of the server. (The demo has an admin already: pnpm start prints it.)',
  )
  process.exitCode = 1
} else {
  const deps = await createDeps({ ...env, DATABASE_URL: env.DATABASE_URL })
  try {
    const [user] = await deps.db.select({ id: users.id }).from(users).where(eq(users.email, email))
    if (user) {
      const actor = { type: 'system', job: 'grant-admin' } as const satisfies Actor
      await setRole(
        { ...systemContext(deps, actor), actor },
        { userId: user.id, role: 'admin', reason: 'granted on the command line' },
      )
      say(`${email} is an admin now.`)
    } else {
      say(`There is no account ${email}: sign up first.`)
      process.exitCode = 1
    }
  } finally {
    await deps.close()
  }
}
