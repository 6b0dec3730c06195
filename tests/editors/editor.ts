import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { createTestApp, type TestApp } from '../support/app.ts'
import { findEditor } from './cache.ts'

/** A port that nobody uses right now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** This server on a real port, as editors reach it. */
export async function startGallery(): Promise<TestApp & { url: string }> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const t = await createTestApp({ env: { PUBLIC_URL: url, PORT: String(port) } })
  const server = serve({ fetch: t.app.fetch, port, hostname: '127.0.0.1' })
  await once(server, 'listening')
  const dispose = t[Symbol.asyncDispose].bind(t)
  return Object.assign(t, {
    url,
    async [Symbol.asyncDispose]() {
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
      await dispose()
    },
  })
}

interface Ran {
  code: number
  /** Both streams. */
  output: string
}

/** An editor with folders of its own, pointed at a gallery by its environment and in no other way changed. */
export interface Editor extends AsyncDisposable {
  /** Its command line. */
  run(...args: string[]): Promise<Ran>
  /** Extensions it has, as `publisher.name@version`. */
  installed(): Promise<string[]>
  /** Folders of extensions on its disk. */
  onDisk(): Promise<string[]>
  /** Its server for browsers. @returns the address */
  start(): Promise<string>
}

export async function createEditor(galleryUrl: string): Promise<Editor> {
  const found = await findEditor()
  if (!found) throw new Error('code-server is not in the cache: run `pnpm test:editors`')
  const folder = await mkdtemp(join(tmpdir(), 'devforge-editor-'))
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    EXTENSIONS_GALLERY: JSON.stringify({
      serviceUrl: `${galleryUrl}/vscode/gallery`,
      itemUrl: `${galleryUrl}/vscode/item`,
      resourceUrlTemplate: `${galleryUrl}/vscode/unpkg/{publisher}/{name}/{version}/{path}`,
      controlUrl: `${galleryUrl}/vscode/control`,
    }),
  }
  const inner = [found.inner, '--accept-server-license-terms', '--server-data-dir', folder]
  let running: ChildProcess | undefined

  const run = (...args: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      execFile(process.execPath, [...inner, ...args], { env, timeout: 90_000 }, (error, out, err) =>
        resolve({ code: error ? 1 : 0, output: `${out}${err}` }),
      )
    })

  return {
    run,
    async installed() {
      const { output } = await run('--list-extensions', '--show-versions')
      return output
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => /^[\w-]+\.[\w-]+@/.test(line))
        .sort()
    },
    async onDisk() {
      const entries = await readdir(join(folder, 'extensions'), { withFileTypes: true })
      return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
    },
    async start() {
      const port = await freePort()
      const address = `127.0.0.1:${port}`
      running = spawn(
        process.execPath,
        [
          found.entry,
          ...['--bind-addr', address, '--auth', 'none', '--disable-telemetry', '--disable-update-check'],
          ...['--disable-workspace-trust', '--user-data-dir', folder],
          ...['--extensions-dir', join(folder, 'extensions'), folder],
        ],
        // A group of its own: extension hosts outlive their server otherwise.
        { env, stdio: 'ignore', detached: true },
      )
      const url = `http://${address}`
      for (let tries = 0; tries < 300; tries++) {
        const answer = await fetch(`${url}/healthz`).catch(() => null)
        if (answer?.ok) return `${url}/?folder=${folder}`
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      throw new Error('code-server did not start')
    },
    async [Symbol.asyncDispose]() {
      if (running?.pid !== undefined) {
        const exited = running.exitCode === null ? once(running, 'exit') : Promise.resolve()
        running.kill('SIGTERM')
        await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, 5000))])
        try {
          process.kill(-running.pid, 'SIGKILL')
        } catch {
          // Nobody of the group is left.
        }
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
