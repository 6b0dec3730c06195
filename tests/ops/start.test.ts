import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const START = fileURLToPath(new URL('../../server/sandbox/start.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What a shell of the test run may have set must not decide here. */
const CLEAN_ENV = { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR }

interface Started {
  child: ChildProcess
  output(): string
  errors(): string
  exited: Promise<number | null>
}

const children = new Set<ChildProcess>()

function start(env: Record<string, string>, args: string[] = []): Started {
  // A group of its own, so that a Ctrl-C reaches the whole group, as a terminal sends it, and not the tests.
  const child = spawn(process.execPath, [START, ...args], {
    cwd: ROOT,
    env: { ...CLEAN_ENV, ...env },
    detached: true,
  })
  children.add(child)
  let output = ''
  let errors = ''
  child.stdout?.on('data', (data) => {
    output += data
  })
  child.stderr?.on('data', (data) => {
    errors += data
  })
  const exited = once(child, 'close').then(([code]: (number | null)[]) => {
    children.delete(child)
    return code ?? null
  })
  return { child, output: () => output, errors: () => errors, exited }
}

async function ready(started: Started): Promise<{ url: string; seconds: number }> {
  await Promise.race([
    expect.poll(started.output, { timeout: 60_000, interval: 50 }).toContain('Ctrl-C stops all of it.'),
    started.exited.then((code) => {
      throw new Error(`ended with ${code}:\n${started.output()}\n${started.errors()}`)
    }),
  ])
  const url = /API\s+(http:\S+)\/trpc/.exec(started.output())?.[1] ?? ''
  return { url, seconds: Number(/ready, in ([\d.]+) s/.exec(started.output())?.[1]) }
}

const interrupt = ({ child }: Started): boolean => process.kill(-(child.pid ?? 0), 'SIGINT')

async function signIn(url: string, email: string, password: string): Promise<Response> {
  return fetch(`${url}/api/v1/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
}

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'devforge-start-'))
})
afterAll(async () => {
  for (const child of children) process.kill(-(child.pid ?? 0), 'SIGKILL')
  await rm(dataDir, { recursive: true, force: true })
})
const secretsOf = async (): Promise<Record<string, string>> =>
  JSON.parse(await readFile(join(dataDir, 'secrets.json'), 'utf8'))

test('from nothing to ready; a second start is refused; Ctrl-C stops cleanly; a kill does no harm; data stay', async () => {
  const env = { DEVFORGE_DATA_DIR: dataDir, PORT: '0' }

  const first = start(env)
  const { url, seconds } = await ready(first)
  expect(seconds).toBeLessThan(60)
  const health = await fetch(`${url}/health/ready`)
  expect(await health.json()).toMatchObject({ ready: true })
  const plans = await (await fetch(`${url}/api/v1/payments/plans`)).json()
  const plan = (slug: string) => expect.objectContaining({ slug })
  expect(plans).toMatchObject({
    items: expect.arrayContaining([plan('pro'), plan('pro-monthly'), plan('enterprise')]),
  })
  const secrets = await secretsOf()
  const password = secrets.DEMO_PASSWORD ?? ''
  expect((await stat(join(dataDir, 'secrets.json'))).mode & 0o777).toBe(0o600)
  for (const role of ['admin', 'agent', 'customer']) {
    expect(first.output()).toMatch(new RegExp(`${role}\\s+${role}@devforge.localhost\\s+${password}`))
    const session = await signIn(url, `${role}@devforge.localhost`, password)
    expect(session.status, role).toBe(200)
    expect(await session.json()).toMatchObject({ user: { role, emailVerified: true } })
  }
  for (const path of ['/docs', '/dev/mail', '/openapi.json']) {
    expect((await fetch(url + path)).status, path).toBe(200)
  }
  const stripe = /Stripe\s+(http:\S+)/.exec(first.output())?.[1] ?? ''
  expect((await fetch(stripe)).status).toBe(200)
  // The server's own secrets and those of others are in no log.
  const log = await readFile(join(dataDir, 'server.log'), 'utf8')
  for (const secret of Object.values(secrets)) expect(log).not.toContain(secret)

  const second = start(env)
  expect(await second.exited).toBe(1)
  expect(second.errors()).toContain(`already running here: ${url}`)
  expect((await fetch(`${url}/health/ready`)).status).toBe(200)

  interrupt(first)
  expect(await first.exited).toBe(0)
  expect(first.output()).toContain('Stopped.')
  expect(first.errors()).toBe('')
  await expect(fetch(`${url}/health/live`)).rejects.toThrow()
  await expect(fetch(stripe)).rejects.toThrow()
  expect(await readdir(dataDir)).not.toContain('running.json')

  const third = start(env)
  const again = await ready(third)
  expect(await secretsOf()).toEqual(secrets)
  expect((await signIn(again.url, 'admin@devforge.localhost', password)).status).toBe(200)
  third.child.kill('SIGKILL')
  await third.exited

  const fourth = start(env)
  const last = await ready(fourth)
  expect((await signIn(last.url, 'customer@devforge.localhost', password)).status).toBe(200)
  fourth.child.kill('SIGTERM')
  expect(await fourth.exited).toBe(0)
}, 120_000)

test('production refuses to start on defaults, lists what is missing and makes nothing', async () => {
  const untouched = join(dataDir, 'production')
  const started = start({ NODE_ENV: 'production', DEVFORGE_DATA_DIR: untouched })
  expect(await started.exited).toBe(1)
  for (const name of [
    'PUBLIC_URL',
    'DATABASE_URL',
    'DEVFORGE_SECRET',
    'STRIPE_SECRET_KEY',
    'STRIPE_WEBHOOK_SECRETS',
    'SMTP_URL',
    'MAIL_FROM',
  ]) {
    expect(started.errors()).toContain(`${name} is required in production`)
  }
  expect(started.errors()).not.toContain('    at ')
  await expect(stat(untouched)).rejects.toThrow()
})

test('production refuses what is only for development', async () => {
  const started = start({
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://api.example.com',
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
    DEVFORGE_SECRET: 'development-secret-never-for-production-use',
    STRIPE_SECRET_KEY: 'sk_test_1234567890',
    STRIPE_WEBHOOK_SECRETS: 'whsec_x',
    STRIPE_API_BASE: 'http://127.0.0.1:4242',
    SMTP_URL: 'smtp://mail.example.com',
    MAIL_FROM: 'a@example.com',
  })
  expect(await started.exited).toBe(1)
  expect(started.errors()).toContain('DEVFORGE_SECRET is the one from the example')
  expect(started.errors()).toContain('STRIPE_API_BASE')
  expect(started.errors()).toContain('STRIPE_SECRET_KEY is a test key')
})

test('a taken port and a misspelt variable are told in one line, before anything is made', async () => {
  const blocker = net.createServer()
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
  const { port } = blocker.address() as net.AddressInfo
  const folder = join(dataDir, 'blocked')
  const taken = start({ DEVFORGE_DATA_DIR: folder, PORT: String(port) })
  const misspelt = start({ DEVFORGE_DATA_DIR: folder, PORT: 'three thousand', LOG_LEVEL: 'loud' })
  expect(await taken.exited).toBe(1)
  expect(taken.errors()).toContain(`Port ${port} of 127.0.0.1 is in use`)
  expect(taken.errors()).toContain('PORT=0')
  expect(await readdir(folder)).toEqual([])
  expect(await misspelt.exited).toBe(1)
  expect(misspelt.errors()).toMatch(/PORT: .*\n.*LOG_LEVEL: /)
  blocker.close()
})

test('--help tells what there is', async () => {
  const help = start({}, ['--help'])
  expect(await help.exited).toBe(0)
  expect(help.output()).toContain('DATABASE_URL')
})
