import { expect, test } from 'vitest'
import { createTestDatabase } from '../support/database.ts'
import { production } from '../support/production.ts'

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
