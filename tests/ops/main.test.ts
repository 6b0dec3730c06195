import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createTestDatabase } from '../support/database.ts'

const MAIN = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url))

/** A production start. Its worker is off: it would call Stripe. */
function production(databaseUrl: string) {
  const child = spawn(process.execPath, [MAIN], {
    cwd: '/',
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      PORT: '0',
      PUBLIC_URL: 'https://api.example.com',
      DATABASE_URL: databaseUrl,
      DEVFORGE_SECRET: 'a secret that only this test knows, 32+ characters',
      STRIPE_SECRET_KEY: 'sk_live_1234567890',
      STRIPE_WEBHOOK_SECRETS: 'whsec_1234567890',
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'Dev Forge <noreply@example.com>',
      WORKER: 'false',
      LOG_LEVEL: 'debug',
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      output += data
    })
  return { child, output: () => output, exited: once(child, 'close').then(([code]) => code as number | null) }
}

test('a production start serves over its port, fails readiness before it closes, and ends with code 0', async () => {
  await using database = await createTestDatabase()
  const { child, output, exited } = production(database.url)
  await expect.poll(output, { timeout: 30_000 }).toContain('"msg":"ready"')
  const port = /"port":(\d+)/.exec(output())?.[1]
  const url = `http://127.0.0.1:${port}`
  expect((await fetch(`${url}/health/ready`)).status).toBe(200)
  expect((await fetch(`${url}/health/live`)).headers.get('strict-transport-security')).toContain('max-age')
  // The mails of others are not for looking at.
  expect((await fetch(`${url}/dev/mail`)).status).toBe(404)

  child.kill('SIGTERM')
  await expect.poll(async () => (await fetch(`${url}/health/ready`)).status, { timeout: 1_500 }).toBe(503)
  expect((await fetch(`${url}/health/live`)).status).toBe(200)
  expect(await exited).toBe(0)
  expect(output()).toContain('"msg":"stopped"')
})

test('a second signal ends it at once', async () => {
  await using database = await createTestDatabase()
  const { child, output, exited } = production(database.url)
  await expect.poll(output, { timeout: 30_000 }).toContain('"msg":"ready"')
  child.kill('SIGTERM')
  await expect.poll(output).toContain('shutting down')
  const startedAt = performance.now()
  child.kill('SIGTERM')
  expect(await exited).toBe(1)
  expect(performance.now() - startedAt).toBeLessThan(1_500)
})

test('a database that cannot be reached ends the start with code 1 and says so', async () => {
  const { output, exited } = production('postgres://nobody:secret-of-the-url@127.0.0.1:1/nothing')
  expect(await exited).toBe(1)
  expect(output()).toContain('ECONNREFUSED')
  expect(output()).not.toContain('secret-of-the-url')
})
