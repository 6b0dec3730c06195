import type { Server } from 'node:http'
import { Session } from 'node:inspector/promises'
import type { AddressInfo } from 'node:net'

/** What a contender is told by its environment. */
export interface Settings {
  databaseUrl: string
  secret: string
}

/** Connections to Postgres, the same number for each contender. */
export const POOL_SIZE = 10

export function settings(): Settings {
  const { DATABASE_URL, DEVFORGE_SECRET } = process.env
  if (!DATABASE_URL || !DEVFORGE_SECRET) throw new Error('contenders are started by tests/load/validate.ts')
  return { databaseUrl: DATABASE_URL, secret: DEVFORGE_SECRET }
}

/** What the bench asks of a contender. */
export type Question = 'usage' | 'profile' | 'profiled'

/** Tells the bench where this contender listens and what it is asked. Ends with the bench. */
export function report(server: Server): void {
  const tell = (message: object): void => {
    process.send?.(message)
  }
  const ready = (): void => tell({ port: (server.address() as AddressInfo).port })
  if (server.listening) ready()
  else server.once('listening', ready)
  const session = new Session()
  process.on('message', async (question: Question) => {
    if (question === 'usage') {
      const { user, system } = process.cpuUsage()
      tell({ cpuMicros: user + system })
    } else if (question === 'profile') {
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.start')
      tell({})
    } else {
      const { profile } = await session.post('Profiler.stop')
      tell(profile)
    }
  })
  process.on('disconnect', () => process.exit(0))
}
