import { existsSync } from 'node:fs'
import type { Logger } from './log.ts'

/** Takes what `.env` of the working folder says for whatever is not set otherwise. */
export function loadEnvFile(): void {
  if (existsSync('.env')) process.loadEnvFile('.env')
}

/** Writes what the logger still holds. */
const flush = (log: Logger): Promise<void> => new Promise((resolve) => log.flush(() => resolve()))

/** An error nobody caught leaves the process in a state nobody knows: it is logged, and the process ends with code 1. */
export function exitOnCrash(log: Logger): void {
  const crash = (kind: string) => (error: unknown) => {
    log.fatal({ err: error }, kind)
    void flush(log).finally(() => process.exit(1))
  }
  process.once('uncaughtException', crash('uncaught exception'))
  process.once('unhandledRejection', crash('unhandled rejection'))
}

/**
 * Stops on SIGTERM and SIGINT and ends the process with code 0; a second signal ends it at once with code 1.
 * @returns a promise that ends with the process
 */
export function exitOnSignals(log: Logger, stop: () => Promise<void>): Promise<never> {
  return new Promise(() => {
    let stopping = false
    const onSignal = (signal: NodeJS.Signals): void => {
      if (stopping) {
        log.warn({ signal }, 'ended at once')
        process.exit(1)
      }
      stopping = true
      stop()
        .then(
          () => 0,
          (error: unknown) => {
            log.error({ err: error }, 'shutdown failed')
            return 1
          },
        )
        .then((code) => flush(log).finally(() => process.exit(code)))
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}
