import { createHash, randomBytes } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDevForge, isDevForgeError, memorySessionStore, type UploadProgress } from '@devforge/sdk'
import { publishPackage, validatePackage } from '@devforge/sdk/publish'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Person, signUp } from '../support/people.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

let t: TestApp
let author: Person
let admin: Person
let vsix: Uint8Array<ArrayBuffer>
const version = (number: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(variantOf(vsix, { version: number }))

beforeAll(async () => {
  t = await createTestApp()
  author = await signUp(t)
  admin = await signUp(t, { role: 'admin' })
  await author.forge.marketplace.createPublisher({ name: 'acme' })
  vsix = new Uint8Array(
    await packVsix({ publisher: 'acme', name: 'hello', files: { 'data.bin': randomBytes(200_000) } }),
  )
  const first = await author.forge.marketplace.submit(vsix)
  await t.drain()
  await admin.forge.marketplace.approve({ submissionId: first.id })
  expect(await t.drain()).toEqual([])
})
afterAll(() => t[Symbol.asyncDispose]())

/** The app on a port, for what only a connection shows. */
async function onPort(handle: (request: Request) => Promise<Response>) {
  const { createAdaptorServer } = await import('@hono/node-server')
  const server = createAdaptorServer({ fetch: handle }) as ReturnType<typeof createServer>
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const pieces = (bytes: Uint8Array<ArrayBuffer>, size: number): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size))
      controller.close()
    },
  })

describe('submit', () => {
  test('bytes, a Blob from the disk and a stream arrive alike, and tell how far they are', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'devforge-submit-'))
    try {
      const file = join(folder, 'hello.vsix')
      await writeFile(file, version('1.1.0'))
      const sources = [version('1.1.0'), await openAsBlob(file), pieces(version('1.1.0'), 10_000)]
      const ids: string[] = []
      for (const source of sources) {
        const told: UploadProgress[] = []
        const submission = await author.forge.marketplace.submit(source, {
          onProgress: (progress) => void told.push(progress),
        })
        ids.push(submission.id)
        expect(submission).toMatchObject({
          extension: 'acme.hello',
          version: '1.1.0',
          createdAt: expect.any(Date),
        })
        const total = version('1.1.0').byteLength
        expect(told.at(0)?.sentBytes).toBe(0)
        expect(told.at(-1)?.sentBytes).toBe(total)
        expect(told.length).toBeGreaterThan(3)
        expect(told.map(({ sentBytes }) => sentBytes)).toEqual(
          [...told.map(({ sentBytes }) => sentBytes)].sort((a, b) => a - b),
        )
        expect(new Set(told.map(({ totalBytes }) => totalBytes))).toEqual(
          new Set(['getReader' in source ? null : total]),
        )
      }
      // The very same package is the same submission.
      expect(new Set(ids).size).toBe(1)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('over a real connection, with Node’s own fetch', async () => {
    await using server = await onPort(async (request) => t.app.fetch(request))
    const forge = createDevForge({ url: server.url, apiToken: await tokenOf(author, ['publish']) })
    const submission = await forge.marketplace.submit(version('1.2.0'), { preRelease: true })
    expect(submission).toMatchObject({ version: '1.2.0', preRelease: true, status: 'received' })
  })

  test('refusals are typed: findings, names of others, a version with other bytes', async () => {
    const error: unknown = await author.forge.marketplace
      .submit(new Uint8Array(100))
      .catch((caught: unknown) => caught)
    if (!isDevForgeError(error, 'VSIX_INVALID')) throw error
    expect(error.details?.findings[0]).toMatchObject({ rule: 'zip-format', severity: 'error' })
    const other = new Uint8Array(variantOf(vsix, { files: { 'extension/extra.js': 'exports.x = 1' } }))
    expect(await failure(author.forge.marketplace.submit(other))).toBe('VERSION_EXISTS')
    const stranger = await signUp(t)
    expect(await failure(stranger.forge.marketplace.submit(vsix))).toBe('PUBLISHER_FORBIDDEN')
    expect(await failure(t.forge().marketplace.submit(vsix))).toBe('AUTH_REQUIRED')
    const reader = t.forge({ apiToken: await tokenOf(author, ['read']) })
    expect(await failure(reader.marketplace.submit(vsix))).toBe('AUTH_SCOPE_MISSING')
  })

  test('an answer that was lost: bytes are sent again and happen once, a stream is not', async () => {
    let lost = 0
    const losing: typeof fetch = async (input, init) => {
      const answer = await t.fetch(input, init)
      if (!String(input).includes('/submissions') || lost > 0) return answer
      lost++
      throw new TypeError('the connection broke')
    }
    const session = memorySessionStore(await author.forge.session.current())
    const forge = t.forge({ fetch: losing, session })
    const submission = await forge.marketplace.submit(version('1.3.0'))
    expect(lost).toBe(1)
    const mine = await author.forge.marketplace.submissions({ extension: 'acme.hello' })
    expect(mine.items.filter((item) => item.version === '1.3.0').map(({ id }) => id)).toEqual([submission.id])

    lost = 0
    expect(await failure(forge.marketplace.submit(pieces(version('1.4.0'), 50_000)))).toBe('NETWORK')
    expect(lost).toBe(1)
  })

  test('an access token that ended is renewed before the upload', async () => {
    const session = memorySessionStore()
    const forge = t.forge({ session })
    await forge.auth.signIn({ email: author.email, password: author.password })
    const old = await session.get()
    if (!old) throw new Error('nobody is signed in')
    await session.set({ ...old, accessTokenExpiresAtMs: Date.now() - 1 })
    // Tokens of one second are alike.
    t.clock.advance(2_000)
    expect(await forge.marketplace.submit(version('1.5.0'))).toMatchObject({ version: '1.5.0' })
    expect((await session.get())?.accessToken).not.toBe(old.accessToken)
    // One that the server alone knows to be bad: bytes are sent once more with a new one.
    const current = await session.get()
    if (!current) throw new Error('nobody is signed in')
    await session.set({ ...current, accessToken: `${current.accessToken}x` })
    expect(await forge.marketplace.submit(version('1.5.0'))).toMatchObject({ version: '1.5.0' })
  })

  test('its signal ends it; a source that breaks is told as such', async () => {
    const controller = new AbortController()
    const stuck = new ReadableStream<Uint8Array>({
      pull(stream) {
        stream.enqueue(vsix.subarray(0, 1_000))
        controller.abort(new Error('enough'))
        return sleep(100).then(() => Promise.reject(new Error('nobody reads any more')))
      },
    })
    expect(await failure(author.forge.marketplace.submit(stuck, { signal: controller.signal }))).toBe(
      'ABORTED',
    )
    const broken = new ReadableStream<Uint8Array>({
      pull: () => Promise.reject(new Error('the disk is gone')),
    })
    const error: unknown = await author.forge.marketplace.submit(broken).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'LOCAL_FAILURE', cause: { message: 'the disk is gone' } })
  })

  test('where fetch sends no streams, a file is sent as a whole', async () => {
    Object.assign(globalThis, { XMLHttpRequest: class {} })
    try {
      const told: number[] = []
      const submission = await author.forge.marketplace.submit(version('1.6.0'), {
        onProgress: ({ sentBytes }) => void told.push(sentBytes),
      })
      expect(submission.version).toBe('1.6.0')
      expect(told).toEqual([0, version('1.6.0').byteLength])
      expect((await author.forge.marketplace.submit(pieces(version('1.6.0'), 9_999))).id).toBe(submission.id)
    } finally {
      Reflect.deleteProperty(globalThis, 'XMLHttpRequest')
    }
  })
})

describe('packages', () => {
  test('what is fetched is what was published, to the byte', async () => {
    const got = await t.forge().marketplace.fetchPackage({ id: 'acme.hello', version: '1.0.0' })
    expect(Buffer.from(got.bytes).equals(vsix)).toBe(true)
    expect(got).toMatchObject({ extension: 'acme.hello', version: '1.0.0', sizeBytes: vsix.byteLength })
  })

  const tampering = {
    'a byte was changed': ['sha256', (bytes: Uint8Array) => bytes.with(100, (bytes[100] ?? 0) ^ 1)],
    'its end is missing': ['size', (bytes: Uint8Array) => bytes.subarray(0, -1)],
    'something was added': ['size', (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.from('x')])],
  } as const
  test.each(Object.entries(tampering))('refused: %s', async (_, [reason, change]) => {
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const answer = await t.fetch(input, init)
      if (!String(input).includes('/files/')) return answer
      return new Response(new Uint8Array(change(new Uint8Array(await answer.arrayBuffer()))))
    }
    const error: unknown = await t
      .forge({ fetch })
      .marketplace.fetchPackage({ id: 'acme.hello', version: '1.0.0' })
      .catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'PACKAGE_INVALID', details: { reason } })
  })

  test('refused: bytes and hash of somebody else, who has not the server’s key', async () => {
    const forged = version('9.9.9')
    const sha256 = createHash('sha256').update(forged).digest('hex')
    const fetch: typeof globalThis.fetch = async (input, init) => {
      if (String(input).includes('/files/')) return new Response(forged)
      const answer = await t.fetch(input, init)
      if (!String(input).includes('marketplace.download')) return answer
      const [envelope] = (await answer.json()) as [{ result: { data: { json: object } } }]
      Object.assign(envelope.result.data.json, { sha256, sizeBytes: forged.byteLength })
      return Response.json([envelope])
    }
    const forge = t.forge({ fetch })
    await expect(
      forge.marketplace.fetchPackage({ id: 'acme.hello', version: '1.0.0' }),
    ).rejects.toMatchObject({
      code: 'PACKAGE_INVALID',
      details: { reason: 'signature' },
    })
    expect(await failure(t.forge().marketplace.fetchPackage({ id: 'acme.nothing' }))).toBe(
      'EXTENSION_NOT_FOUND',
    )
  })
})

describe('@devforge/sdk/publish', () => {
  test('says what is wrong before anything is sent', async () => {
    expect(await validatePackage(vsix)).toEqual({
      identity: { publisher: 'acme', name: 'hello', version: '1.0.0', targetPlatform: 'universal' },
      findings: [],
    })
    const rules = async (bytes: Uint8Array) =>
      (await validatePackage(new Uint8Array(bytes))).findings.map(({ rule }) => rule)
    expect(await rules(new Uint8Array(10))).toEqual(['zip-format'])
    expect(await rules(vsix.subarray(0, vsix.length - 30))).toEqual(['zip-format'])
    expect(await rules(variantOf(vsix, { files: { 'extension/package.json': null } }))).toEqual([
      'manifest-missing',
    ])
    expect(await rules(variantOf(vsix, { files: { 'extension/package.json': '{' } }))).toEqual([
      'manifest-json',
    ])
    expect(await rules(variantOf(vsix, { files: { 'extension/.env': 'A=1' } }))).toEqual(['secret'])
    const disagreeing = JSON.stringify({
      publisher: 'acme',
      name: 'other',
      version: '1.0.0',
      engines: { vscode: '^1.80.0' },
    })
    expect(await rules(variantOf(vsix, { files: { 'extension/package.json': disagreeing } }))).toEqual([
      'manifest-mismatch',
    ])
    expect((await validatePackage(vsix, { maxBytes: 1_000 })).findings[0]?.rule).toBe('package-size')
    let sent = 0
    const forge = t.forge({
      fetch: async () => {
        sent++
        return Response.json({})
      },
    })
    expect(await failure(publishPackage(forge, new Uint8Array(10)))).toBe('VSIX_INVALID')
    expect(sent).toBe(0)
  })

  test('publishes and waits, through the scan, until it is there', async () => {
    const states: string[] = []
    const published = publishPackage(author.forge, version('2.0.0'), {
      onState: ({ status }) => void states.push(status),
    })
    const done = published.finally(() => states.push('done'))
    while (!states.includes('done')) {
      expect(await t.drain()).toEqual([])
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect((await done).status).toBe('published')
    expect(states).toEqual(['received', 'scanning', 'approved', 'published', 'done'])
    const { items } = await t.forge().marketplace.versions({ id: 'acme.hello' })
    expect(items[0]).toMatchObject({ version: '2.0.0', sizeBytes: version('2.0.0').byteLength })
  })
})

async function tokenOf(person: Person, scopes: ('publish' | 'read')[]): Promise<string> {
  return (await person.forge.auth.createApiToken({ name: 'test', scopes })).token
}
