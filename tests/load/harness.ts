import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Judge } from './answers.ts'
import type { AskerJob } from './asker.ts'
import { noteOf } from './dataset.ts'
import type { Job, Stats } from './generator.ts'
import { type Kept, SECRET } from './kept.ts'
import { cpuOfTree } from './processes.ts'
import type { Question } from './servers/child.ts'
import type { Shape } from './shapes.ts'

export const CONNECTIONS = 32

/** A server under test, in a process of its own. */
export interface Server extends AsyncDisposable {
  port: number
  child: ChildProcess
}

export interface Contender {
  name: string
  server: Server
  shape: Shape
  judge: Judge
}

/** One turn of one contender. */
export interface Round {
  requests: number
  perSecond: number
  p50Ms: number
  p99Ms: number
  checkedFully: number
  /** Processor time per request, in µs. */
  serverMicros: number
  /** Null where it cannot be told. */
  databaseMicros: number | null
  generatorMicros: number
}

/** Starts `servers/<name>.ts`, its log going to a file as in production. */
export async function startServer(
  name: string,
  { url, file }: Pick<Kept<unknown>, 'url' | 'file'>,
): Promise<Server> {
  const log = openSync(join(dirname(file), `${name}.log`), 'w')
  const child = fork(new URL(`./servers/${name}.ts`, import.meta.url), {
    stdio: ['ignore', log, 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', DATABASE_URL: url, DEVFORGE_SECRET: SECRET },
  })
  const { port } = await nextMessage<{ port: number }>(child)
  return { port, child, [Symbol.asyncDispose]: () => end(child) }
}

/** Asks contenders for a while. One generator serves all, so that they meet the same one. */
export interface Generator extends AsyncDisposable {
  /** @param atLeast so many requests, even if that takes longer */
  measure(contender: Contender, ms: number, atLeast?: number): Promise<Round>
}

export function startGenerator(data: Pick<Kept<unknown>, 'pid' | 'file'>): Generator {
  const child = fork(new URL('./generator.ts', import.meta.url), [noteOf(data)])
  return {
    async measure({ server, shape, judge }, ms, atLeast = 0) {
      const usage = () => ask<{ cpuMicros: number }>(server.child, 'usage' satisfies Question)
      const before = [await usage(), await cpuOfTree(data.pid)] as const
      const job: Job = { port: server.port, shape, judge, connections: CONNECTIONS, ms, atLeast }
      const stats = await ask<Stats>(child, job)
      const after = [await usage(), await cpuOfTree(data.pid)] as const
      if (stats.wrong.length > 0) throw new Error(`wrong answers:\n${stats.wrong.join('\n')}`)
      return {
        requests: stats.requests,
        perSecond: stats.requests / stats.seconds,
        p50Ms: stats.p50Ms,
        p99Ms: stats.p99Ms,
        checkedFully: stats.checkedFully,
        serverMicros: (after[0].cpuMicros - before[0].cpuMicros) / stats.requests,
        databaseMicros:
          after[1] === null || before[1] === null ? null : (after[1] - before[1]) / stats.requests,
        generatorMicros: stats.cpuMicros / stats.requests,
      }
    },
    [Symbol.asyncDispose]: () => end(child),
  }
}

/** The answer of a child to a message. */
export async function ask<T>(child: ChildProcess, message: Question | Job | AskerJob): Promise<T> {
  const answered = nextMessage<T>(child)
  child.send(message)
  return answered
}

/** @throws when the child ends instead of telling something */
async function nextMessage<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController()
  const onExit = (): void => ended.abort()
  child.once('exit', onExit)
  try {
    const [message] = await once(child, 'message', { signal: ended.signal })
    return message as T
  } catch (error) {
    throw ended.signal.aborted ? new Error('a process of the bench ended by itself') : error
  } finally {
    child.off('exit', onExit)
  }
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.disconnect()
  await gone
}
