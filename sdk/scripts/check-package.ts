import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'tsdown'

// The package as a stranger gets it: built, packed, installed into an empty project, type-checked there with
// `skipLibCheck: false`, and run. publint and attw pass packages that fail this, so this is what counts.

const run = promisify(execFile)
const sdk = fileURLToPath(new URL('..', import.meta.url))
const root = join(sdk, '..')
const consumers = join(root, 'tests/consumers')

/** Never needed to install, import or type-check the SDK. */
const FORBIDDEN = ['@trpc', 'drizzle-orm', 'hono', 'stripe', 'typescript', 'zod', 'superjson']
/** What also runs in a web page. */
const BROWSER_ENTRIES = ['index.js', 'offline.js', 'analytics.js', 'support.js']
// Support, knowledge and analytics, with a documented method per procedure, are a fifth of it.
const TARBALL_LIMIT_BYTES = 140_000
/** Of the whole client in a web page, minified and gzipped: a module of the server costs some hundred bytes for its methods. */
const CLIENT_LIMIT_BYTES = 23_000
/** Of a page that only checks keys: the client must fall away. */
const KEY_ONLY_LIMIT_BYTES = 1_500
/** Of a consumer's compiler, Node's own types included. With the server's router in the declarations it would be half a million. */
const INSTANTIATIONS_LIMIT = 60_000

class GateError extends Error {}

async function exec(
  command: string,
  args: string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  try {
    const { stdout } = await run(command, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 1 << 26 })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new GateError(`${[command, ...args].join(' ')}\n${stdout}${stderr}`)
  }
}

/** pnpm, as it runs this script; else from the registry. */
function pnpm(args: string[]): Promise<string> {
  const self = process.env.npm_execpath
  if (self && /pnpm/.test(self)) {
    return /\.[cm]?js$/.test(self) ? exec(process.execPath, [self, ...args], sdk) : exec(self, args, sdk)
  }
  return exec('npx', ['-y', 'pnpm@12', ...args], sdk)
}

async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await work()
  const note = typeof result === 'string' && name.endsWith(':') ? ` ${result}` : ''
  process.stdout.write(`sdk package: ${name}${note} (${Math.round(performance.now() - start)} ms)\n`)
  return result
}

async function pack(folder: string): Promise<string> {
  await exec(process.execPath, [join(sdk, 'node_modules/tsdown/dist/run.mjs'), '--logLevel', 'warn'], sdk)
  await pnpm(['pack', '--pack-destination', folder])
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'))
  if (!tarball) throw new GateError('pnpm pack made no tarball')
  const file = join(folder, tarball)
  const { size } = await stat(file)
  if (size > TARBALL_LIMIT_BYTES)
    throw new GateError(`the tarball has ${size} bytes; the budget is ${TARBALL_LIMIT_BYTES}`)
  return file
}

/** A consumer with the package installed from the tarball, and nothing else. */
async function install(folder: string, name: string, tarball: string): Promise<string> {
  const project = join(folder, name)
  await cp(join(consumers, name), project, { recursive: true })
  await exec(
    'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--prefer-offline',
      '--no-package-lock',
      tarball,
    ],
    project,
    // Nothing may have to be fetched: a request would fail here, and the installation with it.
    { npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' },
  )
  const installed = await readdir(join(project, 'node_modules'))
  const others = installed.filter((entry) => !entry.startsWith('.') && entry !== '@devforge')
  if (others.length > 0) throw new GateError(`installing the SDK brings ${others.join(', ')}`)
  return project
}

/** No declaration may name a module outside of the package, or have lost its type. */
async function checkDeclarations(project: string): Promise<void> {
  const dist = join(project, 'node_modules/@devforge/sdk/dist')
  for (const name of (await readdir(dist)).filter((entry) => /\.(d\.ts|js)$/.test(entry))) {
    const text = await readFile(join(dist, name), 'utf8')
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
    const modules = importsOf(code)
    const foreign = modules.filter((module) => !module.startsWith('./') && !module.startsWith('node:'))
    if (foreign.length > 0) throw new GateError(`${name} imports ${foreign.join(', ')}`)
    if (!name.endsWith('.d.ts')) continue
    if (/\bany\b/.test(code.replace(/(["'])(?:(?!\1).)*\1/g, '')))
      throw new GateError(`${name} has an \`any\` in it`)
    const leaked = FORBIDDEN.find((module) => new RegExp(`["']${module}`).test(code))
    if (leaked) throw new GateError(`${name} names ${leaked}`)
  }
  for (const entry of BROWSER_ENTRIES) {
    for (const name of await reachedFrom(dist, entry)) {
      const needsNode = importsOf(await readFile(join(dist, name), 'utf8')).some((module) =>
        module.startsWith('node:'),
      )
      if (needsNode)
        throw new GateError(`${entry} reaches ${name}, which needs Node: it is meant for browsers too`)
    }
  }
}

const importsOf = (code: string): string[] =>
  [...code.matchAll(/(?:(?<=[\s}*])from\s*|\bimport\s*\(?\s*)["']([^"']+)["']/g)].map(
    (match) => match[1] ?? '',
  )

/** A file of the package and all that it imports, directly or not. */
async function reachedFrom(dist: string, entry: string, seen = new Set<string>()): Promise<Set<string>> {
  if (seen.has(entry)) return seen
  seen.add(entry)
  for (const module of importsOf(await readFile(join(dist, entry), 'utf8'))) {
    if (module.startsWith('./')) await reachedFrom(dist, module.slice(2), seen)
  }
  return seen
}

/** Compiles a consumer, and looks at what the SDK's types cost its compiler. */
async function tsc(project: string): Promise<number> {
  const args = [join(root, 'node_modules/typescript/bin/tsc'), '-p', project, '--extendedDiagnostics']
  const instantiations = Number(
    /Instantiations:\s+(\d+)/.exec(await exec(process.execPath, args, project))?.[1],
  )
  if (!(instantiations < INSTANTIATIONS_LIMIT)) {
    throw new GateError(`${instantiations} type instantiations; the budget is ${INSTANTIATIONS_LIMIT}`)
  }
  return instantiations
}

/** Every Node on this machine that the package promises to run on. */
async function nodes(): Promise<string[]> {
  const found = new Map([[process.versions.node.split('.')[0] ?? '', process.execPath]])
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    // The project's own Node goes first on PATH; the machine's is behind it.
    const file = join(folder, 'node')
    const version = await run(file, ['--version']).catch(() => null)
    const major = /^v(\d+)/.exec(version?.stdout ?? '')?.[1]
    if (major && Number(major) >= 20 && !found.has(major)) found.set(major, file)
  }
  return [...found.values()]
}

async function checkNode(folder: string, tarball: string): Promise<string> {
  const project = await install(folder, 'node', tarball)
  await checkDeclarations(project)
  // A program for Node has Node's types; they are the consumer's, not ours.
  await mkdir(join(project, 'node_modules/@types'))
  await symlink(join(root, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'))
  const instantiations = await tsc(project)
  const said = await Promise.all((await nodes()).map((node) => exec(node, ['out/index.js'], project)))
  return `${said.map((line) => line.trim()).join(', ')}, ${instantiations} type instantiations`
}

/** Bytes of a page's program after bundling, minified and gzipped. */
async function bundledBytes(project: string, entry: string): Promise<number> {
  const outDir = join(project, `out-${entry}`)
  await build({
    config: false,
    cwd: project,
    entry: [`${entry}.ts`],
    outDir,
    platform: 'browser',
    deps: { alwaysBundle: [/.*/], onlyBundle: false },
    dts: false,
    minify: true,
    logLevel: 'error',
  })
  const files = await readdir(outDir)
  const sources = await Promise.all(files.map((name) => readFile(join(outDir, name))))
  return gzipSync(Buffer.concat(sources)).byteLength
}

async function checkBrowser(folder: string, tarball: string): Promise<string> {
  const project = await install(folder, 'browser', tarball)
  await tsc(project)
  const [whole, keyOnly] = [await bundledBytes(project, 'index'), await bundledBytes(project, 'key-only')]
  if (whole > CLIENT_LIMIT_BYTES)
    throw new GateError(`the client is ${whole} bytes; the budget is ${CLIENT_LIMIT_BYTES}`)
  if (keyOnly > KEY_ONLY_LIMIT_BYTES)
    throw new GateError(`a page that checks keys is ${keyOnly} bytes: tree-shaking broke`)
  return `${whole} bytes with the client and the license manager, ${keyOnly} with the key check alone`
}

/** The usual judges of a package's manifest and its types. */
async function checkManifest(tarball: string): Promise<void> {
  const bin = join(sdk, 'node_modules/.bin')
  await Promise.all([
    exec(join(bin, 'publint'), ['run', tarball, '--strict'], sdk),
    exec(join(bin, 'attw'), [tarball, '--profile', 'esm-only', '--format', 'ascii'], sdk),
  ])
}

const folder = await mkdtemp(join(tmpdir(), 'devforge-package-'))
try {
  const tarball = await step('built and packed', () => pack(folder))
  await step('publint and attw', () => checkManifest(tarball))
  await step('in an empty Node project:', () => checkNode(folder, tarball))
  await step('in an empty web project:', () => checkBrowser(folder, tarball))
} catch (error) {
  if (!(error instanceof GateError)) throw error
  process.stderr.write(`sdk package: ${error.message}\n`)
  process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
