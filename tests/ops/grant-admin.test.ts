import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'

const script = join(import.meta.dirname, '../../server/scripts/grant-admin.ts')
const run = promisify(execFile)

test('the first admin is appointed on the command line, and it is audited', async () => {
  await using t = await createTestApp()
  const person = await signUp(t)
  const grant = (email: string) =>
    run(process.execPath, [script, email], { env: { PATH: process.env.PATH, DATABASE_URL: t.databaseUrl } })
  await expect(grant('nobody@example.com')).rejects.toMatchObject({
    stderr: expect.stringContaining('sign up first'),
  })
  expect((await grant(person.email.toUpperCase())).stderr).toContain('is an admin now')
  const { items } = await person.forge.admin.audit({ subject: person.id })
  expect(items).toMatchObject([{ action: 'user.role_changed', actor: 'system:grant-admin' }])
})
