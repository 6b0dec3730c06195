import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, signUp } from '../support/people.ts'
import { packVsix } from '../support/vsix.ts'
import { unzip } from '../support/zip.ts'
import { type Bench, openBench, type Ran, SLOW, sources } from './support.ts'

// The unmodified `ovsx`, as a process of its own, against a server on a port: what authors' CI does. In the order of a life of an
// extension; what does not depend on each other runs at once, since starting the program is most of the time.

const NS = 'clients-acme'

let bench: Bench
let admin: Person
let token: string
let folder: string

beforeAll(async () => {
  bench = await openBench()
  folder = bench.folder
  admin = await signUp(bench.t, { role: 'admin' })
  const author = await signUp(bench.t)
  token = (await author.forge.auth.createApiToken({ name: 'CI', scopes: ['publish'] })).token
})
afterAll(() => bench[Symbol.asyncDispose]())

const ovsx = (...args: string[]): Promise<Ran> => bench.run('ovsx', args, { env: { OVSX_PAT: token } })
const inFolder = (cwd: string, ...args: string[]): Promise<Ran> =>
  bench.run('ovsx', args, { cwd, env: { OVSX_PAT: token } })

async function package_(version: string, more: Parameters<typeof packVsix>[0] = {}): Promise<string> {
  const path = join(folder, `${more.name ?? 'hello'}-${version}-${more.targetPlatform ?? 'all'}.vsix`)
  await writeFile(path, await packVsix({ publisher: NS, name: 'hello', version, ...more }))
  return path
}

/** @returns the output, of a run that has to succeed */
async function good(run: Promise<Ran>): Promise<string> {
  const { code, output } = await run
  expect(code, output).toBe(0)
  return output
}

/** @returns the output, of a run that has to fail */
async function bad(run: Promise<Ran>): Promise<string> {
  const { code, output } = await run
  expect(code, output).toBe(1)
  expect(output).not.toContain('[object Object]')
  return output
}

test('create-namespace, verify-pat, and tokens that are none', SLOW, async () => {
  expect(await good(ovsx('create-namespace', NS))).toContain(`Created namespace ${NS}`)
  const [valid, invalid] = await Promise.all([
    good(ovsx('verify-pat', NS)),
    bad(ovsx('verify-pat', NS, '--pat', 'bad-token')),
  ])
  expect(valid).toContain(`PAT valid to publish at ${NS}`)
  expect(invalid).toContain('Invalid access token.')
})

test(
  'a first publish, packed by ovsx itself, is held, and says so; then a moderator lets it pass',
  SLOW,
  async () => {
    const cwd = await bench.write('hello', sources({ publisher: NS, name: 'hello', version: '1.0.0' }))
    const held = await good(inFolder(cwd, 'publish'))
    expect(held).toContain('is not public yet: a moderator looks at it first')
    const submissionId = /smn_\w+/.exec(held)?.[0] ?? ''
    await admin.forge.marketplace.approve({ submissionId })
    await bench.t.drain()
  },
)

test('publish, --skip-duplicate, --pre-release, --target, bad token', SLOW, async () => {
  const [first, second] = await Promise.all([package_('1.0.1'), package_('1.0.2')])
  const plat = await bench.write('plat', sources({ publisher: NS, name: 'plat', version: '1.0.0' }))
  const pre = await bench.write('pre', sources({ publisher: NS, name: 'hello', version: '1.1.0' }))
  const [published, refused, targets, preRelease] = await Promise.all([
    good(ovsx('publish', first)),
    bad(ovsx('publish', second, '--pat', 'bad-token')),
    good(inFolder(plat, 'publish', '--target', 'linux-x64', 'win32-x64')),
    good(inFolder(pre, 'publish', '--pre-release')),
  ])
  expect(published).toContain(`Published ${NS}.hello v1.0.1`)
  expect(refused).toContain('Invalid access token.')
  expect(targets).toContain(`Published ${NS}.plat v1.0.0@linux-x64`)
  expect(targets).toContain(`Published ${NS}.plat v1.0.0@win32-x64`)
  expect(preRelease).toContain(`Published ${NS}.hello v1.1.0`)
  const skipped = await good(ovsx('publish', first, '--skip-duplicate'))
  expect(skipped).toContain('is already published. Skipping publish.')
})

test('get by name, version and target; search and show', SLOW, async () => {
  const [, , , found, shown] = await Promise.all([
    good(ovsx('get', `${NS}.hello`, '-o', 'latest.vsix')),
    good(ovsx('get', `${NS}.hello`, '-v', '1.0.0', '-o', 'exact.vsix')),
    good(ovsx('get', `${NS}.plat`, '-t', 'linux-x64')),
    good(ovsx('search', 'hello')),
    good(ovsx('show', `${NS}.hello`)),
  ])
  const read = (name: string): Promise<Buffer> => readFile(join(folder, name))
  const manifestOf = async (name: string) =>
    unzip(await read(name))
      .get('extension.vsixmanifest')
      ?.toString()
  expect((await read('latest.vsix')).equals(await read('hello-1.0.1-all.vsix'))).toBe(true)
  expect(await manifestOf('exact.vsix')).toContain('Version="1.0.0"')
  expect(await manifestOf(`${NS}.plat-1.0.0@linux-x64.vsix`)).toContain('TargetPlatform="linux-x64"')
  expect(found).toMatch(new RegExp(`${NS}\\.hello\\s+1\\.0\\.1`))
  expect(shown).toMatch(/1\.1\.0\s+universal[\s\S]*1\.0\.0\s+universal/)
})

test('signatures: against the registry, and offline', SLOW, async () => {
  const { files } = (await (await fetch(`${bench.url}/api/${NS}/hello/1.0.0`)).json()) as {
    files: { signature: string; publicKey: string }
  }
  const bytes = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer())
  const sigzip = unzip(await bytes(files.signature))
  await writeFile(join(folder, 'sig'), sigzip.get('.signature.sig') ?? '')
  await writeFile(join(folder, 'manifest'), sigzip.get('.signature.manifest') ?? '')
  await writeFile(join(folder, 'key.pem'), await bytes(files.publicKey))
  const tampered = await readFile(join(folder, 'exact.vsix'))
  // In the time of the first entry: still the same archive to a reader, and not the same bytes.
  tampered[10] = (tampered[10] ?? 0) ^ 1
  await writeFile(join(folder, 'tampered.vsix'), tampered)
  const offline = (path: string) =>
    ovsx('verify-signature', '-i', path, '-m', 'manifest', '-s', 'sig', '-k', 'key.pem')
  const [same, differs, valid] = await Promise.all([
    good(ovsx('verify', 'exact.vsix')),
    bad(ovsx('verify', 'tampered.vsix')),
    good(offline('exact.vsix')),
  ])
  expect(same).toContain('This package is identical to')
  expect(differs).toContain('may have been tampered with')
  expect(valid).toContain('Signature is valid')
})

test('unpublish: a version, a target, all of it', SLOW, async () => {
  const [version, target] = await Promise.all([
    good(ovsx('unpublish', `${NS}.hello`, '-v', '1.0.1', '--force')),
    good(ovsx('unpublish', `${NS}.plat`, '-v', '1.0.0', '-t', 'win32-x64', '--force')),
  ])
  expect(version).toContain(`Deleted ${NS}.hello v1.0.1`)
  expect(target).toContain(`Deleted ${NS}.plat v1.0.0@win32-x64`)
  const statusOf = async (path: string) => (await fetch(`${bench.url}/api/${NS}/${path}`)).status
  expect(await statusOf('hello/1.0.1')).toBe(404)
  expect(await statusOf('plat/win32-x64')).toBe(404)
  expect(await statusOf('plat/linux-x64')).toBe(200)
  expect(await good(ovsx('unpublish', `${NS}.hello`, '--force'))).toContain(`Deleted ${NS}.hello v1.1.0`)
  expect(await bad(ovsx('get', `${NS}.hello`))).toContain('not found')
})
