import { type Env, EnvError, parseEnv } from './env.ts'
import { exitOnCrash, exitOnSignals, loadEnvFile } from './lifetime.ts'
import { PortInUse } from './listener.ts'
import { createLog } from './log.ts'

/** Reads the environment, or says what is wrong with it. */
function readEnv(source: Record<string, string | undefined>): Env & { DATABASE_URL: string } {
  const env = parseEnv(source)
  const { DATABASE_URL } = env
  if (!DATABASE_URL)
    throw new EnvError(['DATABASE_URL is missing. `pnpm start` brings a database of its own.'])
  return { ...env, DATABASE_URL }
}

/**
 * Runs the server as a production does: everything it needs comes from the environment, nothing is made up.
 * Ends the process with code 1, and a list, when something is missing.
 */
export async function main(source: Record<string, string | undefined> = process.env): Promise<void> {
  try {
    const env = readEnv(source)
    const log = createLog(env.LOG_LEVEL)
    exitOnCrash(log)
    // Only now: an incomplete environment is told at once.
    const { startServer } = await import('./server.ts')
    const server = await startServer(env, { log })
    await exitOnSignals(log, server.stop)
  } catch (error) {
    if (!(error instanceof EnvError || error instanceof PortInUse)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}

if (import.meta.main) {
  loadEnvFile()
  await main()
}
