import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { EnvError, envSchema, parseEnv } from '@devforge/server/env'
import { expect, test } from 'vitest'

const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

test('.env.example shows every variable with its default', async () => {
  const text = await readFile(fileOf('.env.example'), 'utf8')
  const shown = Object.fromEntries(
    [...text.matchAll(/^# ([A-Z][A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  )
  const { DEVFORGE_DATA_DIR: _, ...variables } = shown
  expect(Object.keys(variables)).toEqual(Object.keys(envSchema.shape))
  // What it shows as defaults are the defaults.
  expect(parseEnv(variables)).toEqual(parseEnv({}))
})

test('.env.example is the generated one', async () => {
  await promisify(execFile)(process.execPath, [fileOf('server/scripts/env-example.ts'), '--check'])
})

test('what does not do is named, all of it at once', () => {
  const parse = () =>
    parseEnv({ PORT: '70000', DATABASE_URL: 'mysql://x', CORS_ORIGINS: 'https://a.example, nonsense' })
  expect(parse).toThrow(EnvError)
  expect(parse).toThrow(/PORT: .*\n.*DATABASE_URL: .*\n.*CORS_ORIGINS/)
})
