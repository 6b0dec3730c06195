import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { startEmbedded } from '@devforge/db/embedded'
import { migrate } from '@devforge/db/migrate'
import { createDeps } from '@devforge/server/deps'
import { parseEnv } from '@devforge/server/env'
import { prepareQueues } from '@devforge/server/jobs/worker'
import postgres from 'postgres'
import type { TestProject } from 'vitest/node'
import { findSecret } from './secrets.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where `createTestDatabase` makes its databases, and the migrated one that it copies. */
    testDatabase: { adminUrl: string; template: string }
  }
}

interface TestServer {
  adminUrl: string
  stop(): Promise<void>
}

const FOLDER_PREFIX = 'devforge-test-'
/** Tests race hundreds of activations over real connections. */
const MAX_CONNECTIONS = 300

/**
 * One PostgreSQL for the whole run, with a template database that is migrated once. It is an embedded one in a temporary folder, or the
 * one that `TEST_DATABASE_URL` names (its role must be allowed to create databases).
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL
  const server: TestServer = given ? { adminUrl: given, stop: async () => {} } : await startTestServer()
  const template = `devforge_template_${randomBytes(6).toString('hex')}`
  const teardown = async (): Promise<void> => {
    // An embedded server goes as a whole.
    if (given) await dropAll(given, template)
    await server.stop()
  }
  try {
    await createTemplate(server.adminUrl, template)
  } catch (error) {
    await teardown()
    throw error
  }
  project.provide('testDatabase', { adminUrl: server.adminUrl, template })
  const suiteLog = path.join(os.tmpdir(), `${template}.log`)
  project.provide('suiteLog', suiteLog)
  return async () => {
    await teardown()
    lookForSecrets(suiteLog)
  }
}

async function startTestServer(): Promise<TestServer> {
  await sweepFolders()
  const dir = await mkdtemp(path.join(os.tmpdir(), `${FOLDER_PREFIX}${process.pid}-`))
  let running: number | undefined
  const removeNow = (): void => {
    // Its guard would stop it gently, and it would write into the folder once more.
    if (running !== undefined && isAlive(running)) process.kill(running, 'SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
  // For a run that is cut short.
  process.once('exit', removeNow)
  try {
    const server = await startEmbedded({ dir, port: 0, durable: false, maxConnections: MAX_CONNECTIONS })
    running = server.pid
    const adminUrl = new URL(server.url)
    adminUrl.pathname = '/postgres'
    return {
      adminUrl: adminUrl.href,
      stop: async () => {
        await server.stop()
        running = undefined
        removeNow()
      },
    }
  } catch (error) {
    removeNow()
    throw error
  }
}

/** No test of the suite may have made a server log a secret. */
function lookForSecrets(suiteLog: string): void {
  const log = existsSync(suiteLog) ? readFileSync(suiteLog, 'utf8') : ''
  rmSync(suiteLog, { force: true })
  const found = findSecret(log)
  if (found) throw new Error(`A server of this run logged a ${found.what}: ${found.line}`)
}

/** Runs that were killed could not clean up. */
async function sweepFolders(): Promise<void> {
  for (const name of await readdir(os.tmpdir())) {
    const pid = new RegExp(`^${FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1]
    if (!pid || isAlive(Number(pid))) continue
    // Another user's: theirs to sweep.
    await rm(path.join(os.tmpdir(), name), { recursive: true, force: true }).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function createTemplate(adminUrl: string, template: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} })
  try {
    await sql`create database ${sql(template)} template template0`
    const url = new URL(adminUrl)
    url.pathname = `/${template}`
    await migrate(url.href)
    // The queue's own tables take longer than ours: once for all.
    const env = parseEnv({ NODE_ENV: 'test', WORKER: 'false', LOG_LEVEL: 'silent' })
    const deps = await createDeps({ ...env, DATABASE_URL: url.href })
    await prepareQueues(deps)
    await deps.close()
    // Copying needs a template that nobody is connected to: so nobody can.
    await sql`alter database ${sql(template)} with allow_connections false`
  } finally {
    await sql.end()
  }
}

async function dropAll(adminUrl: string, template: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} })
  try {
    // Databases of tests carry their template's name.
    const left = await sql<{ datname: string }[]>`
      select datname from pg_database where starts_with(datname, ${template})`
    for (const { datname } of left) await sql`drop database if exists ${sql(datname)} with (force)`
  } finally {
    await sql.end()
  }
}
