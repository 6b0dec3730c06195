import { readFileSync } from 'node:fs'
import { createLog, scrub } from '@devforge/server/log'
import { expect, inject, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { fingerprint } from '../support/licenses.ts'
import { buy, GOOD_CARD } from '../support/payments.ts'
import { signUp } from '../support/people.ts'
import { findSecret } from '../support/secrets.ts'

test('the whole way of a purchase, and every way to fail, leave no secret in the log', async () => {
  await using t = await createTestApp()
  const person = await signUp(t)
  const { licenseKey } = await buy(t, person, { plan: 'pro' }, GOOD_CARD)
  await t.forge().licenses.activate({ key: licenseKey, fingerprint: fingerprint() })
  const { token } = await person.forge.auth.createApiToken({ name: 'ci', scopes: ['read'] })
  await t
    .forge({ apiToken: token })
    .users.me()
    .catch(() => {})
  await t
    .forge()
    .auth.signIn({ email: person.email, password: `${person.password}-wrong` })
    .catch(() => {})
  // Secrets in places where they do not belong: paths, queries, headers, broken bodies.
  const wrongs: [string, RequestInit?][] = [
    [`/trpc/licenses.validate?input=${encodeURIComponent(JSON.stringify({ json: { key: licenseKey } }))}`],
    [`/api/v1/licenses/${licenseKey}`],
    [`/${licenseKey}`],
    ['/trpc/users.me', { headers: { authorization: `Bearer ${token}` } }],
    [
      '/trpc/auth.signIn',
      {
        method: 'POST',
        body: `{"json":{"password":"${person.password}"`,
        headers: { 'content-type': 'application/json' },
      },
    ],
    [
      '/webhooks/stripe',
      {
        method: 'POST',
        body: licenseKey,
        headers: { 'stripe-signature': 't=1,v1=whsec_not_really_a_signature' },
      },
    ],
  ]
  for (const [path, init] of wrongs) await t.fetch(`http://devforge.test${path}`, init)
  t.deps.log.error({ err: new Error(`upstream said ${licenseKey} and ${token}`) }, 'made to leak')
  await t.drain()
  const log = readFileSync(inject('suiteLog'), 'utf8')
  expect(log.split('\n').length).toBeGreaterThan(20)
  expect(log).toContain('made to leak')
  // The log so far of the whole run; the rest is looked through when the run ends (global-setup.ts).
  expect(findSecret(log)).toBeNull()
})

test('the net below the redaction catches what is recognizable', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line: string) => void lines.push(line) })
  log.info(
    { user: { password: 'hunter2' }, deep: { er: { token: 'abc' } } },
    'key DF-01234-56789-ABCDE-FGHJK-MNPQR is yours',
  )
  expect(lines.join('')).not.toMatch(/hunter2|"abc"|DF-01234/)
  expect(scrub('Authorization: Bearer abcdefghijklmnop and sk_test_1234567890abcdef')).toBe(
    'Authorization: [redacted] and [redacted]',
  )
})
