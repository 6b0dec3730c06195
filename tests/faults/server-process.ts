import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { createInterface } from 'node:readline'
import { logSink } from '../support/log.ts'
import { serverProgram } from './bundle.ts'

const START_TIMEOUT_MS = 40_000

/** One line of the server's log. */
interface LogLine {
  msg?: string
  job?: string
  [name: string]: unknown
}

/** A real server in a process of its own, started as a production starts it. */
export interface ServerProcess {
  pid: number
  log: LogLine[]
  /** SIGKILL: nothing is finished, nothing is said. Resolves when the process is gone. */
  kill(): Promise<void>
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>
  exited: Promise<number | null>
}

/** Starts the server and waits until it says that it is ready. */
export async function startServerProcess(env: Record<string, string>, cwd: string): Promise<ServerProcess> {
  const child: ChildProcess = spawn(process.execPath, [await serverProgram()], {
    // Not the checkout: a developer's .env must not reach the tests.
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // A run that is cut short leaves no server behind.
  const endWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', endWithUs)
  const exited = once(child, 'exit').then(([code]): number | null => {
    process.off('exit', endWithUs)
    return code
  })
  const log: LogLine[] = []
  const complaints: string[] = []
  child.stderr?.on('data', (chunk) => complaints.push(String(chunk)))
  // What it logs counts as the suite's: the test that looks for secrets reads it, too.
  const sink = logSink()
  const ready = new Promise<void>((resolve) => {
    if (!child.stdout) return
    createInterface({ input: child.stdout }).on('line', (line) => {
      sink.write(`${line}\n`)
      const parsed: LogLine = line.startsWith('{') ? JSON.parse(line) : { msg: line }
      log.push(parsed)
      if (parsed.msg === 'ready') resolve()
    })
  })
  const failed = exited.then((code) => {
    const last = log.slice(-5).map((line) => JSON.stringify(line))
    throw new Error(`the server ended with ${code} at its start: ${complaints.join('')}\n${last.join('\n')}`)
  })
  failed.catch(() => {})
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the server did not start in time')), START_TIMEOUT_MS)
  })
  try {
    await Promise.race([ready, failed, late])
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(timer)
  }
  return {
    pid: child.pid ?? 0,
    log,
    exited,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      child.kill('SIGTERM')
      return exited
    },
  }
}

/** A port that is free, below those that the system hands out by itself: it is still free when the server comes back. */
export async function stablePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const free = await new Promise<boolean>((resolve) => {
      const probe = net.createServer()
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
}
