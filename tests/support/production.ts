import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url))

/** A production start of the server. Its worker is off: it would call Stripe. */
export function production(databaseUrl: string, { main = MAIN }: { main?: string } = {}) {
  const child = spawn(process.execPath, [main], {
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
