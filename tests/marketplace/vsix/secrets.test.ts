import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { MAY_HOLD_SECRET } from '@devforge/server/modules/marketplace/vsix/checks/secret-prefilter'
import { rules } from '@secretlint/secretlint-rule-preset-recommend'
import { expect, it } from 'vitest'
import { inspected, lines } from './reading.ts'

const alnum = (length: number): string =>
  Array.from(
    randomBytes(length),
    (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'[byte % 62],
  ).join('')
const hex = (length: number): string => randomBytes(length).toString('hex').slice(0, length)
const ownToken = (): string => `dfp_${randomBytes(32).toString('base64url')}`

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** One true-looking example of each rule; made here, so that none of them lies in this repository. */
const examples: Record<string, string> = {
  aws: `aws_secret_access_key = "${alnum(39)}a"`,
  gcp: JSON.stringify({ private_key_id: '1', private_key: '-----BEGIN PRIVATE KEY-----\nx' }),
  privatekey: pem,
  npm: `npm_${alnum(36)}`,
  basicauth: `https://deploy:${alnum(12)}@registry.example.net/x`,
  slack: `xoxb-${'1234567890'}-${alnum(24)}`,
  sendgrid: `SG.${alnum(22)}.${alnum(43)}`,
  shopify: `shpat_${hex(32)}`,
  stripe: `sk_live_${alnum(32)}`,
  github: `ghp_${alnum(36)}`,
  gitlab: `glpat-${alnum(20)}`,
  grafana: `glsa_${alnum(32)}_${hex(8)}`,
  openai: `sk-proj-${alnum(74)}T3BlbkFJ${alnum(74)}`,
  anthropic: `sk-ant-api03-${alnum(93)}AA`,
  groq: `gsk_${alnum(52)}`,
  huggingface: `hf_${alnum(60).replace(/\d/g, '').padEnd(34, 'x').slice(0, 34)}`,
  linear: `lin_api_${alnum(40)}`,
  notion: `ntn_12345678901${alnum(35)}`,
  '1password': `ops_${Buffer.from(JSON.stringify({ signInAddress: 'a', userAuth: {}, email: 'a@b.c', srpX: alnum(60), muk: {}, secretKey: alnum(40), throttleSecret: {}, deviceUuid: alnum(20) })).toString('base64')}`,
  'database-connection-string': `postgres://deploy:${alnum(12)}@db.example.net/prod`,
  'hashicorp-vault': `hvs.${alnum(95)}`,
  vercel: `vcp_${alnum(40)}`,
  databricks: `dapi${hex(32)}`,
  docker: `dckr_pat_${alnum(27)}`,
  figma: `figd_${alnum(45)}`,
  cloudflare: `cfat_${alnum(40)}${hex(8)}`,
  tailscale: `tskey-auth-${alnum(12)}-${alnum(32)}`,
}

it('has an example for every rule of the preset', () => {
  const known = rules.map(({ meta }) => meta.id.replace('@secretlint/secretlint-rule-', ''))
  expect(known.filter((id) => id !== 'filter-comments').toSorted()).toEqual(Object.keys(examples).toSorted())
})

/** Told for a person to look at, since documentation is full of them. */
const doubtful: Record<string, string> = { basicauth: 'warning', 'database-connection-string': 'hold' }

it.each(Object.keys(examples).filter((id) => id !== '1password'))(
  'finds a secret of %s, and does not repeat it',
  async (id) => {
    const example = examples[id] ?? ''
    const file = id === 'gcp' ? 'extension/a.json' : 'extension/lib/a.js'
    const text = id === 'gcp' ? example : `// one\n// two\n${example}\n`
    const { findings } = await inspected({ files: { [file]: text } })
    const severity = doubtful[id] ?? 'error'
    expect(lines(findings)).toContain(`${severity} secret ${file}:${id === 'gcp' ? 1 : 3}`)
    expect(findings.some(({ message }) => message.includes(`(${id})`))).toBe(true)
    for (const { message } of findings) expect(message).not.toContain(example.slice(0, 12))
  },
)

it('lets nothing through before the rules that one of them would find', () => {
  for (const [id, example] of Object.entries(examples)) {
    expect(`${id}: ${MAY_HOLD_SECRET.test(`x = '${example}'`)}`).toBe(`${id}: true`)
  }
  for (const scheme of ['MongoDB+srv', 'MYSQL', 'PostgreSQL', 'postgres', 'mysqlx']) {
    expect(MAY_HOLD_SECRET.test(`${scheme}://a:bcde@h/x`)).toBe(true)
  }
  expect(MAY_HOLD_SECRET.test('const answer = 42 // nothing here')).toBe(false)
})

it('finds our own tokens, says where, and hands them out to be revoked', async () => {
  const [inCode, inBinary, inPackage] = [ownToken(), ownToken(), ownToken()]
  const { findings, leakedTokens } = await inspected({
    files: {
      'extension/ci/publish.sh': `#!/bin/sh\nDEVFORGE_TOKEN=${inCode} devforge publish\n`,
      'extension/tool.bin': Buffer.concat([Buffer.alloc(300_000), Buffer.from(inBinary), Buffer.alloc(9)]),
      'extension/node_modules/a/.publish': inPackage,
    },
  })
  expect(lines(findings)).toEqual([
    'error secret extension/ci/publish.sh:2',
    'error secret extension/tool.bin',
    'error secret extension/node_modules/a/.publish:1',
  ])
  expect(leakedTokens).toEqual([inCode, inBinary, inPackage])
  expect(JSON.stringify(findings)).not.toContain(inCode.slice(4, 12))
})

it('finds our own token where two chunks of a file meet', async () => {
  const token = ownToken()
  for (const ahead of [256 * 1024 - 20, 1024 * 1024 - 20]) {
    const bytes = Buffer.concat([randomBytes(ahead), Buffer.from(`\0${token}\0`), Buffer.alloc(300_000)])
    expect((await inspected({ files: { 'extension/tool.bin': bytes } })).leakedTokens).toEqual([token])
  }
})

it('takes a placeholder for what it is', async () => {
  const { findings } = await inspected({
    files: { 'extension/a.md': `dfp_${'x'.repeat(43)} dfp_… AKIAIOSFODNN7EXAMPLE` },
  })
  expect(findings).toEqual([])
})

it('finds AWS keys by their id', async () => {
  const { findings } = await inspected({ files: { 'extension/a.js': "key('AKIAZ7QW3ERT5YU2IOP4')" } })
  expect(lines(findings)).toEqual(['error secret extension/a.js:1'])
})

it.each([
  ['PKCS #8', pem],
  ['Ed25519', ed25519],
  ['in JSON', JSON.stringify({ key: pem })],
  [
    'line by line in code',
    pem
      .split('\n')
      .map((line) => `'${line}\\n'`)
      .join(' +\n'),
  ],
])('finds private keys: %s', async (_, text) => {
  const { findings } = await inspected({ files: { 'extension/a.txt': `\n${text}` } })
  expect(lines(findings)).toEqual(['error secret extension/a.txt:2'])
})

it('takes the words around a key and placeholders for what they are', async () => {
  const text =
    "if (s.includes('-----BEGIN PRIVATE KEY-----')) …\n-----BEGIN RSA PRIVATE KEY-----\nyour key here\n-----END RSA PRIVATE KEY-----"
  expect((await inspected({ files: { 'extension/a.js': text } })).findings).toEqual([])
})

it.each<[string, string, string[]]>([
  ['a token', '//registry.npmjs.org/:_authToken=abc123', ['error secret extension/.npmrc:1']],
  ['a password', 'a=b\n_password = c2VjcmV0', ['error secret extension/.npmrc:2']],
  ['basic auth', '_auth=dXNlcjpwYXNz', ['error secret extension/.npmrc:1']],
  [
    'a name of a variable',
    `//registry.npmjs.org/:_authToken=${'$'}{NPM_TOKEN}\nregistry=https://a.example`,
    [],
  ],
  ['a comment', '# _authToken=abc', []],
])('looks into .npmrc: %s', async (_, text, expected) => {
  expect(lines((await inspected({ files: { 'extension/.npmrc': text } })).findings)).toEqual(expected)
})

it('does not take code that writes an .npmrc for one', async () => {
  const code = 'fs.writeFileSync(".npmrc", "//registry.npmjs.org/:_authToken=" + token)'
  expect((await inspected({ files: { 'extension/a.js': code } })).findings).toEqual([])
})

it.each<[string, string[]]>([
  ['.env', ['error secret-file extension/.env:1']],
  ['.env.production', ['error secret-file extension/.env.production:1']],
  ['config/.env.local', ['error secret-file extension/config/.env.local:1']],
  ['.env.example', []],
  ['node_modules/a/.env', ['warning secret-file extension/node_modules/a/.env:1']],
  ['release.p12', ['hold secret-file extension/release.p12']],
  ['id_rsa', ['hold secret-file extension/id_rsa']],
  ['env.js', []],
])('knows files made for secrets: %s', async (path, expected) => {
  expect(lines((await inspected({ files: { [`extension/${path}`]: 'A=1' } })).findings)).toEqual(expected)
})

it('has people look at secrets in bundled packages, and lets their tests and documents be', async () => {
  const secret = examples.github ?? ''
  const { findings } = await inspected({
    files: {
      'extension/node_modules/a/index.js': secret,
      'extension/node_modules/a/test/key.pem': pem,
      'extension/node_modules/@b/c/README.md': examples['database-connection-string'] ?? '',
    },
  })
  expect(lines(findings)).toEqual([
    'hold secret extension/node_modules/a/index.js:1',
    'warning secret extension/node_modules/a/test/key.pem:1',
    'warning secret extension/node_modules/@b/c/README.md:1',
  ])
})

it('is not switched off by a comment, and not by a NUL in code', async () => {
  const commented = `// secretlint-disable\nconst token = '${examples.github}'\n`
  expect(lines((await inspected({ files: { 'extension/a.js': commented } })).findings)).toEqual([
    'error secret extension/a.js:2',
  ])
  const binary = `/*\0*/ const token = '${examples.github}'\n`
  expect(lines((await inspected({ files: { 'extension/a.js': binary } })).findings)).toEqual([
    'error secret extension/a.js:1',
  ])
})

it('opens no file of the server that a package names', async () => {
  // secretlint's rule for p12 files reads `filePath` from the disk.
  const { findings } = await inspected({ files: { 'extension/a.p12': Buffer.from('text, not binary') } })
  expect(lines(findings)).toEqual(['hold secret-file extension/a.p12'])
})

it('finds secrets in long files, once, with the right line, also where windows meet', async () => {
  const text = Array.from({ length: 15_000 }, (_, row) =>
    `const number${row} = ${row * 7_919}`.padEnd(98),
  ).join('\n')
  for (const at of [128 * 1024 - 60, 128 * 1024 - 20, 1024 * 1024]) {
    const row = Math.floor(at / 99)
    const long = `${text.slice(0, row * 99)}${examples.github}\nü${text.slice(row * 99)}`
    const { findings } = await inspected({ files: { 'extension/a.js': long } })
    expect(lines(findings)).toEqual([`error secret extension/a.js:${row + 1}`])
  }
})

it('says honestly what it has not read', async () => {
  const files = {
    'extension/a.js': `${'x'.repeat(6_000)} ${examples.github}`,
    'extension/b.js': `${'x'.repeat(900)} ${examples.github}`,
  }
  const oneTooLong = await inspected({ files }, { maxFileTextBytes: 5_000 })
  expect(lines(oneTooLong.findings)).toEqual([
    'hold not-read extension/a.js',
    'error secret extension/b.js:1',
  ])
  const tooMuch = await inspected({ files }, { maxTextBytes: 10_700 })
  expect(lines(tooMuch.findings)).toEqual(['error secret extension/a.js:1', 'hold not-read extension/b.js'])
})

it('finds our own tokens even in what is too long to be searched', async () => {
  const token = ownToken()
  const files = { 'extension/a.js': `${'x'.repeat(6_000)}${token}` }
  const { findings, leakedTokens } = await inspected({ files }, { maxFileTextBytes: 5_000 })
  expect(leakedTokens).toEqual([token])
  expect(lines(findings)).toContain('error secret extension/a.js')
})

it('stops when it is told to', async () => {
  const reason = new Error('took too long')
  await expect(inspected({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})
