import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto'
import { decodeProtectedHeader, exportJWK, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Person, signUp } from '../support/people.ts'
import { codeOf, rawCall } from './support.ts'

let t: TestApp
let person: Person
let good: string
let claims: JWTPayload
beforeAll(async () => {
  t = await createTestApp()
  person = await signUp(t)
  good = (await person.forge.session.current())?.accessToken ?? ''
  claims = JSON.parse(Buffer.from(good.split('.')[1] ?? '', 'base64url').toString())
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const rename = (token: string) =>
  rawCall(t, 'users.update', { name: 'Changed' }, { authorization: `Bearer ${token}` })

async function expectRefused(token: string): Promise<void> {
  const response = await rename(token)
  expect(response.status).toBe(401)
  expect(await codeOf(response)).toBe('AUTH_REQUIRED')
}
/** Signed by the server's own key, so that only the claims and the header are wrong. */
const signed = (payload: JWTPayload, typ = 'at+jwt') => t.deps.signer.sign('access', typ, payload)

test('carries ids and times, nothing of the person', () => {
  expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'sid', 'sub'])
  expect(decodeProtectedHeader(good)).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' })
  expect(Number(claims.exp) - Number(claims.iat)).toBe(600)
})

test('the good one passes', async () => {
  expect((await rename(good)).status).toBe(200)
})

test('alg none', async () => {
  for (const alg of ['none', 'None', 'NONE']) {
    await expectRefused(`${base64url({ alg, typ: 'at+jwt' })}.${base64url(claims)}.`)
    const kid = decodeProtectedHeader(good).kid
    await expectRefused(`${base64url({ alg, typ: 'at+jwt', kid })}.${base64url(claims)}.`)
  }
})

test('HS256 with the public key as the secret', async () => {
  const { keys } = await t.deps.signer.jwks()
  const jwk = keys.find((key) => key.kid === decodeProtectedHeader(good).kid)
  const raw = Buffer.from(jwk?.x ?? '', 'base64url')
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
  const pem = `-----BEGIN PUBLIC KEY-----\n${spki.toString('base64')}\n-----END PUBLIC KEY-----\n`
  for (const secret of [raw, spki, pem, jwk?.x ?? '', JSON.stringify(jwk)]) {
    const head = `${base64url({ alg: 'HS256', typ: 'at+jwt', kid: jwk?.kid })}.${base64url(claims)}`
    await expectRefused(`${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`)
  }
})

test('a key of the attacker, embedded, linked or named', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const jwk = await exportJWK(publicKey)
  const kid = decodeProtectedHeader(good).kid ?? ''
  const headers = [
    { jwk },
    { jwk, kid },
    { jku: 'http://attacker.test/jwks.json', kid: 'mine' },
    { x5u: 'http://attacker.test/cert', kid },
    { kid },
    {},
    ...['../../../../dev/null', '/dev/null', "' or 1=1 --", 'access-%', '__proto__', 'constructor', ''].map(
      (name) => ({ kid: name }),
    ),
  ]
  for (const header of headers) {
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...header })
      .sign(privateKey)
    await expectRefused(token)
  }
})

test('wrong issuer, audience, type, times, or members missing', async () => {
  const { exp: _exp, ...withoutExp } = claims
  const { sub: _sub, ...withoutSub } = claims
  const { sid: _sid, ...withoutSid } = claims
  const now = Math.floor(t.clock.now().getTime() / 1000)
  await expectRefused(await signed({ ...claims, iss: 'https://attacker.test' }))
  await expectRefused(await signed({ ...claims, aud: 'devforge-editor' }))
  await expectRefused(await signed({ ...claims, exp: now - 1 }))
  await expectRefused(await signed({ ...claims, nbf: now + 60 }))
  await expectRefused(await signed(withoutExp))
  await expectRefused(await signed(withoutSub))
  await expectRefused(await signed(withoutSid))
  await expectRefused(await signed({ ...claims, sub: ['a', 'b'] as unknown as string }))
  await expectRefused(await signed(claims, 'JWT'))
  await expectRefused(await signed(claims, 'devforge-lease+jwt'))
  expect(claims.iss).toBe(TEST_URL)
})

test('the key of leases does not sign access', async () => {
  await expectRefused(await t.deps.signer.sign('lease', 'at+jwt', claims))
})

test('a changed payload, a cut signature, another person in it, rubbish', async () => {
  const [head = '', body = '', signature = ''] = good.split('.')
  const other = await signUp(t)
  const forged = base64url({ ...claims, sub: other.id })
  await expectRefused(`${head}.${forged}.${signature}`)
  await expectRefused(`${head}.${body}.${signature.slice(0, -4)}`)
  await expectRefused(`${head}.${body}.`)
  await expectRefused(`${head}.${body}`)
  await expectRefused('rubbish')
  await expectRefused(randomUUID())
  // Rightly signed, but session and person do not belong together.
  const response = await rename(await signed({ ...claims, sub: other.id }))
  expect(await codeOf(response)).toBe('AUTH_SESSION_ENDED')
})

test('session and API tokens are no access tokens, and the scheme must be Bearer', async () => {
  const session = await person.forge.session.current()
  await expectRefused(session?.sessionToken ?? '')
  for (const authorization of [`Basic ${good}`, good, `Bearer`, `Bearer  `, `Bearer ${good} ${good}`]) {
    const response = await rawCall(t, 'users.update', { name: 'Changed' }, { authorization })
    expect(await codeOf(response), authorization).toBe('AUTH_REQUIRED')
  }
  // Nor does a cookie sign anybody in here.
  const response = await rawCall(
    t,
    'users.update',
    { name: 'Changed' },
    { cookie: `devforge.session_token=${session?.sessionToken}` },
  )
  expect(await codeOf(response)).toBe('AUTH_REQUIRED')
})

test('one that was good a moment ago ends with its time', async () => {
  const later = (await signUp(t)).forge
  const token = (await later.session.current())?.accessToken ?? ''
  expect((await rename(token)).status).toBe(200)
  t.clock.advance(599_000)
  expect((await rename(token)).status).toBe(200)
  t.clock.advance(1_000)
  await expectRefused(token)
  await expectRefused(token)
})
