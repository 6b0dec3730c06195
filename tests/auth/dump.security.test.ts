import { expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'
import { mailedToken, totpCode } from './support.ts'

/** Every value of every table, as text: what a thief of a backup has. */
async function dump(t: TestApp): Promise<string> {
  const tables = await t.deps.sql`
    select table_schema, table_name from information_schema.tables
    where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`
  const rows: string[] = []
  for (const { table_schema, table_name } of tables) {
    const found = await t.deps.sql.unsafe(
      `select row_to_json(r)::text as row from "${table_schema}"."${table_name}" r`,
    )
    for (const { row } of found) rows.push(`${table_name} ${row}`)
  }
  return rows.join('\n')
}

/** The forms in which a secret might stand in a table. */
const formsOf = (secret: string): string[] => [
  secret,
  Buffer.from(secret).toString('hex'),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
]

test('a dump of the database holds nothing that signs anybody in', async () => {
  await using t = await createTestApp()
  const person = await signUp(t)
  const session = await person.forge.session.current()
  // Before mails are sent, while links wait in the outbox; one link stays unused.
  await t.forge().auth.requestPasswordReset({ email: person.email })
  await t.forge().auth.sendVerification({ email: 'unknown-person@example.com' })
  const { token: apiToken } = await person.forge.auth.createApiToken({ name: 'CI', scopes: ['read'] })
  const { secret, backupCodes } = await person.forge.auth.enableTotp({ password: person.password })
  const code = totpCode(t, secret)
  await person.forge.auth.confirmTotp({ code })
  const device = await t.forge().auth.startDevice()
  const before = await dump(t)
  const reset = await mailedToken(t, person.email, 'reset-password')
  const verify = await mailedToken(t, person.email, 'verify-email')
  const after = await dump(t)

  const raw = Buffer.from(secret)
  const secrets = {
    password: person.password,
    sessionToken: session?.sessionToken ?? '',
    accessToken: session?.accessToken ?? '',
    apiToken,
    apiTokenWithoutPrefix: apiToken.slice(4),
    reset,
    verify,
    totpSecret: secret,
    totpSecretRaw: raw.toString('latin1'),
    backupCode: backupCodes[0]?.replace('-', '') ?? '',
    deviceCode: device.deviceCode,
    userCode: device.userCode.replace('-', ''),
    userCodeAsShown: device.userCode,
    serverSecret: t.deps.env.DEVFORGE_SECRET,
    unknownAddress: 'unknown-person@example.com',
  }
  for (const [name, value] of Object.entries(secrets)) {
    expect(value.length, name).toBeGreaterThan(5)
    for (const form of formsOf(value)) {
      expect(before.includes(form), `${name} before mails were sent`).toBe(false)
      expect(after.includes(form), `${name} after`).toBe(false)
    }
  }
  // The dump is one: what is no secret is found in it.
  expect(after).toContain(person.email)
  expect(after).toContain('sessions {')
})
