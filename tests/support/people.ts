import { randomBytes } from 'node:crypto'
import type { DevForge } from '@devforge/sdk'
import type { TestApp } from './app.ts'

export interface Person {
  forge: DevForge
  id: string
  email: string
  password: string
  name: string
}

/** Somebody who just signed up, with a client that is signed in as them. */
export async function signUp(
  t: TestApp,
  options: { role?: 'agent' | 'admin'; email?: string; name?: string } = {},
): Promise<Person> {
  const email = options.email ?? `user-${randomBytes(6).toString('hex')}@example.com`
  const password = `correct horse ${randomBytes(6).toString('hex')}`
  const name = options.name ?? 'Ada Lovelace'
  const forge = t.forge()
  const { user } = await forge.auth.signUp({ email, password, name })
  if (options.role) await t.deps.sql`update users set role = ${options.role} where id = ${user.id}`
  return { forge, id: user.id, email, password, name }
}
