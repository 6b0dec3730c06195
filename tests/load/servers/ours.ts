// The real app, as `server/src/main.ts` serves it.
import type { Server } from 'node:http'
import { createApp } from '@devforge/server/app'
import { createDeps } from '@devforge/server/deps'
import { parseEnv } from '@devforge/server/env'
import { serve } from '@hono/node-server'
import { POOL_SIZE, report, settings } from './child.ts'

const { databaseUrl, secret } = settings()
const env = parseEnv({
  NODE_ENV: 'development',
  DATABASE_URL: databaseUrl,
  DATABASE_POOL_MAX: String(POOL_SIZE),
  DEVFORGE_SECRET: secret,
  WORKER: 'false',
  LOG_LEVEL: 'info',
  // All the load comes from one address; its calls are counted, but not refused.
  REQUESTS_PER_MINUTE: '1000000000',
})
const deps = await createDeps({ ...env, DATABASE_URL: databaseUrl })
const server = serve({ fetch: createApp(deps).fetch, hostname: '127.0.0.1', port: 0 })
report(server as Server)
