import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The editor that is tried, as npm names it. Newer ones need this file, and a look at what changed. */
const CODE_SERVER_VERSION = '4.139.1'

/** Where the editor is kept between runs, outside of the checkout: 620 MB. */
export const cacheFolder = (): string =>
  process.env.DEVFORGE_EDITOR_CACHE ?? join(homedir(), '.cache', 'devforge')

export interface Editor {
  /** The command line of code-server. */
  entry: string
  /** The server inside, whose command line knows more. */
  inner: string
}

const folderOf = (cache: string): string => join(cache, `code-server-${CODE_SERVER_VERSION}`)
const COMPLETE = '.complete'

/** The editor in the cache, or null when it is not there in full. */
export async function findEditor(): Promise<Editor | null> {
  const folder = folderOf(cacheFolder())
  const marked = await readFile(join(folder, COMPLETE), 'utf8').catch(() => '')
  if (marked.trim() !== CODE_SERVER_VERSION) return null
  return {
    entry: join(folder, 'out', 'node', 'entry.js'),
    inner: join(folder, 'lib', 'vscode', 'out', 'server-main.js'),
  }
}

/**
 * Puts the editor into the cache: from the npm registry and from nowhere else. Its own install script would build what it can
 * and download what it cannot; here only the modules that the editor needs are prepared, from what their packages bring along.
 * Takes one to three minutes. An install that is cut short is not taken for one that is done.
 */
export async function installEditor(say: (line: string) => void, signal?: AbortSignal): Promise<Editor> {
  const known = await findEditor()
  if (known) return known
  const folder = folderOf(cacheFolder())
  const unfinished = `${folder}.${process.pid}`
  // The npm beside the Node that runs this: the editor wants the same major version as its modules.
  const env = {
    ...process.env,
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  }
  const npm = async (cwd: string, ...args: string[]): Promise<void> => {
    say(`npm ${args.join(' ')}   (in ${cwd})`)
    await run('npm', args, { cwd, env, maxBuffer: 64 * 1024 * 1024, ...(signal ? { signal } : {}) })
  }
  try {
    await rm(unfinished, { recursive: true, force: true })
    await mkdir(unfinished, { recursive: true })
    await npm(unfinished, 'pack', `code-server@${CODE_SERVER_VERSION}`, '--silent')
    const archive = `code-server-${CODE_SERVER_VERSION}.tgz`
    await run('tar', ['-xzf', archive], { cwd: unfinished })
    const root = join(unfinished, 'package')
    const vscode = join(root, 'lib', 'vscode')
    for (const cwd of [root, vscode]) await npm(cwd, 'install', '--omit=dev', '--ignore-scripts')
    await npm(root, 'rebuild', 'argon2')
    await npm(vscode, 'rebuild', '@vscode/spdlog', 'native-watchdog', '@parcel/watcher', 'node-pty')
    await writeFile(join(root, COMPLETE), `${CODE_SERVER_VERSION}\n`)
    // Two at once: the second one's work is thrown away.
    if (!existsSync(folder)) await rename(root, folder)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  const installed = await findEditor()
  if (!installed) throw new Error(`the editor in ${folder} is not complete`)
  return installed
}
