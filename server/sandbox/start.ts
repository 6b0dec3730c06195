import { enableCompileCache } from 'node:module'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Deps } from '../src/deps.ts'
import type { Logger } from '../src/log.ts'

// Later starts take the compiled code from a cache: about a second less.
enableCompileCache()

const HELP = `Starts Dev Forge on this machine: an embedded PostgreSQL, a Stripe sandbox, the server and its worker.

  pnpm start            everything that is not set in the environment (or .env) is brought along
  pnpm start --demo     demo accounts also in a database of your own (DATABASE_URL)
  pnpm start --help     this text

What you may want to set (all variables: .env.example):
  PORT                  port of the server, default 3000; 0 takes any free one
  DATABASE_URL          a PostgreSQL of your own instead of the embedded one
  STRIPE_SECRET_KEY     a real Stripe account (and STRIPE_WEBHOOK_SECRETS) instead of the sandbox
  SMTP_URL              a mail server, instead of keeping mails and showing them at /dev/mail
  DEVFORGE_DATA_DIR     where data are kept, default .data; delete it to start anew
  NODE_ENV=production   nothing is brought along: what is missing is listed, and the start refused
`

/** What runs, in the order in which it started. Stopping goes backwards. */
const running: { name: string; stop(): Promise<void> }[] = []

async function stopAll(): Promise<void> {
  for (let part = running.pop(); part; part = running.pop()) await part.stop()
}

async function start(options: { demo: boolean }): Promise<void> {
  const startedAt = performance.now()
  const { claimInstallation, readSecrets } = await import('./installation.ts')
  const { demoLog, say, table } = await import('./terminal.ts')
  const { parseEnv } = await import('../src/env.ts')
  const { listen } = await import('../src/listener.ts')
  const { exitOnCrash, exitOnSignals } = await import('../src/lifetime.ts')

  const dataDir = resolve(process.env.DEVFORGE_DATA_DIR || '.data')
  // First of all, so that a misspelt variable is told before anything is made.
  const wanted = parseEnv(process.env)
  const claim = await claimInstallation(dataDir)
  running.push({ name: 'claim', stop: claim.release })
  const listener = await listen(wanted)
  running.push({ name: 'port', stop: () => listener.close(0) })
  const { secrets, fresh } = await readSecrets(dataDir)

  const database = startDatabase(wanted.DATABASE_URL, dataDir, say)
  // Meanwhile, since it only reads files.
  const modules = Promise.all([
    import('../src/log.ts'),
    import('../src/server.ts'),
    import('./stripe-server.ts'),
    import('./seed.ts'),
  ])
  // Whichever fails is awaited below; until then its failure is nobody's.
  modules.catch(() => {})
  const { url: DATABASE_URL, embedded } = await database
  const [{ createLog }, { startServer }, { SANDBOX_KEY, startStripeServer }, { DEMO_ACCOUNTS, seedDemo }] =
    await modules

  const stripe = wanted.STRIPE_SECRET_KEY
    ? null
    : await startStripeServer({
        file: join(dataDir, 'stripe-sandbox.sqlite'),
        webhookUrl: `${listener.url}/webhooks/stripe`,
        webhookSecret: secrets.STRIPE_WEBHOOK_SECRET,
        anyPort: wanted.PORT === 0,
      })
  if (stripe) running.push({ name: 'Stripe sandbox', stop: stripe.stop })

  const env = parseEnv({
    DEVFORGE_SECRET: secrets.DEVFORGE_SECRET,
    MAIL_DIR: join(dataDir, 'mail'),
    FILES_DIR: join(dataDir, 'files'),
    // Packages are looked at by our own checks alone: no virus scanner is brought along.
    MALWARE_SCANNER: 'builtin',
    ...process.env,
    ...(stripe
      ? {
          STRIPE_SECRET_KEY: SANDBOX_KEY,
          STRIPE_API_BASE: stripe.url,
          STRIPE_WEBHOOK_SECRETS: secrets.STRIPE_WEBHOOK_SECRET,
        }
      : {}),
  })
  const { file: logFile, destination } = demoLog(dataDir)
  const log = createLog(env.LOG_LEVEL, destination)
  exitOnCrash(log)
  const hasDemo = embedded !== undefined || options.demo
  const server = await startServer(
    { ...env, DATABASE_URL },
    {
      log,
      listener,
      prepare: async (deps) => {
        if (hasDemo) await seedDemo(deps, { password: secrets.DEMO_PASSWORD, resetPasswords: fresh })
      },
    },
  )
  running.push({ name: 'server', stop: server.stop })
  const { url } = server
  await claim.announce(url)
  if (hasDemo)
    running.push(fillHelp(server.deps, log), fillDesk(server.deps, log), fillStore(server.deps, log))

  say(`\nDev Forge is ready, in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.\n`)
  say(
    table('Where', [
      ['API', `${url}/trpc, ${url}/api/v1`],
      ['Documentation', `${url}/docs`],
      ['Help', `${url}/help`],
      ...(env.SMTP_URL ? [] : [['Mails', `${url}/dev/mail`] as const]),
      ['Stripe', stripe ? `${stripe.url} (sandbox; card 4242 4242 4242 4242)` : 'your account'],
      ['Health', `${url}/health/ready`],
      ['Database', embedded ? `embedded PostgreSQL in ${embedded.home}` : 'yours'],
      ['Log', logFile],
    ]),
  )
  if (hasDemo) {
    const rows = DEMO_ACCOUNTS.map(({ role, email }) => [role, email, secrets.DEMO_PASSWORD] as const)
    say(`\n${table('Demo logins', rows)}`)
  }
  say('\nCtrl-C stops all of it.\n')

  await exitOnSignals(log, async () => {
    say('\nStopping …')
    await stopAll()
    say('Stopped.')
  })
}

/** Fills the store while people already look around; the next start goes on where this one was stopped. */
function fillStore(deps: Deps, log: Logger): (typeof running)[number] {
  const stopped = new AbortController()
  const filled = import('./marketplace/seed.ts')
    .then(({ seedMarketplace }) =>
      seedMarketplace(deps, {
        authorEmail: 'author@devforge.localhost',
        adminEmail: 'admin@devforge.localhost',
        signal: stopped.signal,
      }),
    )
    .then(
      (added) => log.info({ added }, 'demo extensions'),
      (error: unknown) => log.error({ err: error }, 'the demo has no extensions'),
    )
  return {
    name: 'demo extensions',
    async stop() {
      stopped.abort()
      await filled
    },
  }
}

/** Writes the articles of the help, in the same way. */
function fillHelp(deps: Deps, log: Logger): (typeof running)[number] {
  const stopped = new AbortController()
  const filled = import('./knowledge.ts')
    .then(({ seedKnowledge }) =>
      seedKnowledge(deps, { writerEmail: 'agent@devforge.localhost', signal: stopped.signal }),
    )
    .then(
      (added) => log.info({ added }, 'demo articles'),
      (error: unknown) => log.error({ err: error }, 'the demo has no help'),
    )
  return {
    name: 'demo articles',
    async stop() {
      stopped.abort()
      await filled
    },
  }
}

/** Tells the tickets of the desk, in the same way. */
function fillDesk(deps: Deps, log: Logger): (typeof running)[number] {
  const stopped = new AbortController()
  const filled = import('./desk/demo.ts')
    .then(({ seedDesk }) =>
      seedDesk(deps, {
        agentEmail: 'agent@devforge.localhost',
        adminEmail: 'admin@devforge.localhost',
        customerEmail: 'customer@devforge.localhost',
        signal: stopped.signal,
      }),
    )
    .then(
      (added) => log.info({ added }, 'demo tickets'),
      (error: unknown) => log.error({ err: error }, 'the demo has no tickets'),
    )
  return {
    name: 'demo tickets',
    async stop() {
      stopped.abort()
      await filled
    },
  }
}

async function startDatabase(given: string | undefined, dataDir: string, say: (text: string) => void) {
  if (given) return { url: given, embedded: undefined }
  const { startEmbedded } = await import('@devforge/db/embedded')
  const postgres = await startEmbedded({
    dir: join(dataDir, 'postgres'),
    ...(process.env.PORT === '0' ? { port: 0 } : {}),
    onNotice: say,
  })
  running.push({ name: 'PostgreSQL', stop: postgres.stop })
  return { url: postgres.url, embedded: postgres }
}

/** Errors that say all a person needs. */
const PLAIN_ERRORS = new Set(['AlreadyRunning', 'EmbeddedAlreadyRunning', 'EnvError', 'PortInUse'])

const { values } = parseArgs({
  options: { help: { type: 'boolean', short: 'h' }, demo: { type: 'boolean', default: false } },
})
const { loadEnvFile } = await import('../src/lifetime.ts')
loadEnvFile()
if (values.help) process.stdout.write(HELP)
else if (process.env.NODE_ENV === 'production') await (await import('../src/main.ts')).main()
else {
  try {
    await start({ demo: values.demo })
  } catch (error) {
    await stopAll()
    const isPlain = error instanceof Error && PLAIN_ERRORS.has(error.name)
    process.stderr.write(
      `${isPlain ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
    )
    process.exit(1)
  }
}
