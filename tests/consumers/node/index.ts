// A program of somebody who installed the SDK and nothing else. Compiled against the package and run by the package gate.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkLicenseKey, createDevForge, type DevForge, DevForgeError, isDevForgeError } from '@devforge/sdk'
import { createLicenseManager, fileSessionStore, machineFingerprint } from '@devforge/sdk/node'
import type { LicenseState } from '@devforge/sdk/offline'
import { findingLine, publishPackage, type Submission, validatePackage } from '@devforge/sdk/publish'

const key = 'DF-01234-56789-ABCDE-FGHJK-MN9TX'
assert.deepEqual(checkLicenseKey(key.toLowerCase()), { ok: true, key })
assert.equal(checkLicenseKey(key.replace('9', '8')).ok, false)

// A server with one license, speaking the wire format over a real socket.
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const fingerprint = await machineFingerprint()
function lease(issuer: string): string {
  const now = Math.floor(Date.now() / 1_000)
  const claims = {
    iss: issuer,
    aud: 'devforge-editor',
    sub: 'lic_1',
    jti: randomUUID(),
    iat: now,
    nbf: now,
    exp: now + 3_600,
    device: createHash('sha256').update(fingerprint).digest('hex'),
    plan: 'pro',
    status: 'active',
    entitlements: ['remote-models'],
    updates_until: null,
    grace_days: 0,
    srv: now,
    rev: 0,
  }
  const text = `${encode({ alg: 'EdDSA', typ: 'devforge-lease+jwt', kid: 'k1' })}.${encode(claims)}`
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`
}
const server = createServer((request, response) => {
  const path = request.url ?? ''
  const issuer = `http://${request.headers.host}`
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', purpose: 'lease' }
  const body = path.startsWith('/.well-known')
    ? { keys: [jwk] }
    : path.includes('licenses.activate')
      ? { result: { data: { json: { lease: lease(issuer) } } } }
      : {
          error: { json: { message: 'No.', code: -32001, data: { code: 'AUTH_REQUIRED', httpStatus: 401 } } },
        }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(path.includes('batch=1') ? [body] : body))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const address = server.address()
assert(typeof address === 'object' && address !== null)

const folder = mkdtempSync(join(tmpdir(), 'devforge-consumer-'))
const file = join(folder, 'license.json')
try {
  const session = fileSessionStore({ file: join(folder, 'session.json') })
  const forge: DevForge = createDevForge({ url: `http://127.0.0.1:${address.port}`, session, retries: 0 })
  await forge.users.me().then(
    () => assert.fail('nobody is signed in'),
    (error: unknown) => assert(isDevForgeError(error, 'AUTH_REQUIRED')),
  )

  const { fileLicenseStorage } = await import('@devforge/sdk/node')
  const manager = createLicenseManager({ forge, storage: fileLicenseStorage({ file }) })
  const states: LicenseState[] = [(await manager.load()).state, (await manager.activate(key)).state]
  await manager.close()
  server.close()
  server.closeAllConnections()
  const later = createLicenseManager({ forge, storage: fileLicenseStorage({ file }) })
  const status = await later.load()
  states.push(status.state)
  assert.deepEqual(states, ['none', 'valid', 'valid'])
  assert(status.has('remote-models') && status.coversVersion(new Date()))
  const { error } = await later.sync({ force: true })
  assert(error instanceof DevForgeError && error.code === 'NETWORK')
  assert.equal(later.check().state, 'valid')
} finally {
  rmSync(folder, { recursive: true, force: true })
}

// What authors use: the helpers, and the command that the package brings.
const { findings } = await validatePackage(new Uint8Array(8))
assert.match(findings.map(findingLine).join(), /^error: .* \[zip-format\]$/)
const command = join(import.meta.dirname, '../node_modules/.bin/devforge')
assert.match(
  execFileSync(process.execPath, [realpathSync(command), '--help'], { encoding: 'utf8' }),
  /devforge <command>/,
)

// What the types must say, and what they must refuse.
export async function types(forge: DevForge): Promise<void> {
  const { items } = await forge.payments.plans()
  const amounts: number[] = items.map((plan) => plan.amountMinor)
  const { expiresAt } = await forge.licenses.get({ id: 'lic_1' })
  const date: Date | null = expiresAt
  const published: Submission = await publishPackage(forge, 'my.vsix', {
    onProgress: ({ sentBytes }) => void sentBytes,
  })
  for await (const state of forge.marketplace.onSubmission({ id: published.id }))
    void (state.at satisfies Date)
  // @ts-expect-error a stream is no call
  await forge.call('marketplace.onSubmission', 'subscription', { id: 'smn_1' })
  // @ts-expect-error a license is fetched by id
  await forge.licenses.get({ license: 'lic_1' })
  // @ts-expect-error there is no such procedure
  await forge.call('licenses.melt', 'mutation', {})
  // @ts-expect-error amounts are numbers: nothing has become `any`
  const text: string = items[0]?.amountMinor
  void [amounts, date, text]
}
process.stdout.write(`runs on Node ${process.versions.node}\n`)
