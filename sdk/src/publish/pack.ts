import { spawn } from 'node:child_process'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { DevForgeError } from '../errors.ts'

export interface PackOptions {
  /** The extension's folder, with its `package.json`. */
  dir: string
  /** Where to write the package. Default: a temporary folder; see {@link Packed.dispose}. */
  out?: string
  /** The platform it is for, such as `linux-x64`. Default: all. */
  target?: string
  preRelease?: boolean
  /** Told what vsce says, line by line. */
  onOutput?(line: string): void
}

export interface Packed {
  file: string
  /** Removes the temporary folder, if there is one. */
  dispose(): Promise<void>
}

/** Where vsce is: of the extension itself, or on PATH. */
interface Vsce {
  command: string
  args: string[]
  shell: boolean
}

async function findVsce(dir: string): Promise<Vsce | null> {
  try {
    const manifest = createRequire(join(dir, 'package.json')).resolve('@vscode/vsce/package.json')
    const { bin } = JSON.parse(await readFile(manifest, 'utf8'))
    const file = typeof bin === 'string' ? bin : bin?.vsce
    if (typeof file === 'string') {
      return { command: process.execPath, args: [join(dirname(manifest), file)], shell: false }
    }
  } catch {
    // Not among the extension's own packages.
  }
  const isWindows = process.platform === 'win32'
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const command = join(folder, isWindows ? 'vsce.cmd' : 'vsce')
    const found = await access(command).then(
      () => true,
      () => false,
    )
    // Windows runs scripts only through its shell.
    if (found) return { command: isWindows ? `"${command}"` : command, args: [], shell: isWindows }
  }
  return null
}

/**
 * Packs an extension with `@vscode/vsce`, which must be among its own dev dependencies or on PATH.
 * @throws LOCAL_FAILURE when vsce is not there or refuses; its own words are in the message
 */
export async function packExtension(options: PackOptions): Promise<Packed> {
  const dir = resolve(options.dir)
  const vsce = await findVsce(dir)
  if (!vsce) {
    throw new DevForgeError(
      'LOCAL_FAILURE',
      `Packing needs vsce: npm install --save-dev @vscode/vsce (in ${dir}).`,
    )
  }
  const folder = options.out === undefined ? await mkdtemp(join(tmpdir(), 'devforge-pack-')) : null
  const file = options.out === undefined ? join(folder ?? '', 'package.vsix') : resolve(options.out)
  const dispose = async (): Promise<void> => {
    if (folder) await rm(folder, { recursive: true, force: true })
  }
  try {
    const target = options.target === undefined ? [] : ['--target', options.target]
    const preRelease = options.preRelease ? ['--pre-release'] : []
    await run(vsce, ['package', '--out', file, ...target, ...preRelease], dir, options.onOutput)
    return { file, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** What of its output an error repeats. */
const TOLD_LINES = 12

function run(
  { command, args, shell }: Vsce,
  more: string[],
  cwd: string,
  onOutput: PackOptions['onOutput'],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args, ...more], {
      cwd,
      shell,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said: string[] = []
    const hear = (chunk: Buffer): void => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) {
        said.push(line)
        onOutput?.(line)
      }
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', (cause) =>
      reject(new DevForgeError('LOCAL_FAILURE', `vsce cannot be run: ${cause.message}`, { cause })),
    )
    child.once('close', (code) => {
      if (code === 0) return resolve()
      reject(
        new DevForgeError(
          'LOCAL_FAILURE',
          `vsce did not pack the extension:\n${said.slice(-TOLD_LINES).join('\n')}`,
        ),
      )
    })
  })
}
