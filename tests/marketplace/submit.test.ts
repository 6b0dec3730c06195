import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '@devforge/server/app'
import { listen } from '@devforge/server/listener'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Marketplace, openMarketplace } from '../support/marketplace.ts'
import { signUp } from '../support/people.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

const LIMIT = 300_000

describe('submitting', () => {
  let t: TestApp
  let m: Marketplace
  let vsix: Uint8Array<ArrayBuffer>
  beforeAll(async () => {
    t = await createTestApp({ env: { MAX_VSIX_BYTES: String(LIMIT) } })
    m = await openMarketplace(t)
    vsix = await packVsix({ publisher: m.publisher })
    await m.publish()
  })
  afterAll(() => t[Symbol.asyncDispose]())

  /** Everything in the storage that is not a published package. */
  async function uploads(): Promise<string[]> {
    const dir = t.deps.env.FILES_DIR
    const names = await Promise.all(
      ['incoming', '.partial'].map((folder) => readdir(join(dir, folder)).catch((): string[] => [])),
    )
    return names.flat()
  }

  const accessToken = async (): Promise<string> => (await m.author.forge.auth.refresh()).accessToken
  const post = async (body: RequestInit['body'], headers: Record<string, string> = {}, query = '') =>
    t.fetch(`${TEST_URL}/api/v1/marketplace/submissions${query}`, {
      method: 'POST',
      body: body ?? null,
      headers: {
        authorization: `Bearer ${await accessToken()}`,
        'content-type': 'application/octet-stream',
        ...headers,
      },
      duplex: 'half',
    } as RequestInit)

  it('answers 201 with the submission, and 200 with the same one when the bytes come again', async () => {
    const bytes = variantOf(vsix, { version: '1.1.0' })
    const first = await post(bytes, {}, '?preRelease=true')
    expect(first.status).toBe(201)
    const submission = (await first.json()) as { id: string }
    expect(submission).toMatchObject({
      id: expect.stringMatching(/^smn_/),
      extension: `${m.publisher}.hello`,
      version: '1.1.0',
      targetPlatform: 'universal',
      preRelease: true,
      status: 'received',
      sizeBytes: bytes.length,
    })
    const again = await post(bytes)
    expect(again.status).toBe(200)
    expect(await again.json()).toMatchObject({ id: submission.id })
    await t.drain()
    // Also after it was published.
    expect(await (await post(bytes)).json()).toMatchObject({ id: submission.id, status: 'published' })
    expect(await uploads()).toEqual([])
  })

  it('refuses other bytes of a version that is there, published or on its way', async () => {
    const other = variantOf(vsix, { manifest: { description: 'Other bytes.' } })
    const error = await m.author.forge.marketplace.submit(other).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'VERSION_EXISTS',
      message: expect.stringMatching(/is already published\.$/),
    })
    const waiting = variantOf(vsix, { version: '1.2.0' })
    await m.author.forge.marketplace.submit(waiting)
    const rival = variantOf(waiting, { manifest: { description: 'Other bytes.' } })
    expect(await failure(m.author.forge.marketplace.submit(rival))).toBe('VERSION_EXISTS')
    await t.drain()
    expect(await uploads()).toEqual([])
  })

  it('takes an idempotency key once', async () => {
    const headers = { 'idempotency-key': 'build-77' }
    const bytes = variantOf(vsix, { version: '1.3.0' })
    const first = (await (await post(bytes, headers)).json()) as { id: string }
    const again = await post(bytes, headers)
    expect(again.status).toBe(200)
    expect(await again.json()).toMatchObject({ id: first.id })
    const other = await post(variantOf(vsix, { version: '1.4.0' }), headers)
    expect(other.status).toBe(409)
    expect(await other.json()).toMatchObject({ error: { code: 'IDEMPOTENCY_CONFLICT' } })
    // The same bytes as something else are another request.
    const asPreRelease = await post(bytes, headers, '?preRelease=true')
    expect(await asPreRelease.json()).toMatchObject({ error: { code: 'IDEMPOTENCY_CONFLICT' } })
    expect((await post(bytes, { 'idempotency-key': 'two words' })).status).toBe(400)
    await t.drain()
    expect(await uploads()).toEqual([])
  })

  it('stops an upload that is too large in the middle, whatever length it claimed', async () => {
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      async pull(controller) {
        sent += 50_000
        controller.enqueue(new Uint8Array(50_000))
      },
    })
    const response = await post(endless)
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({
      error: { code: 'VSIX_TOO_LARGE', details: { limitBytes: LIMIT } },
    })
    expect(sent).toBeLessThan(2 * LIMIT)
    const claimed = await post(vsix, { 'content-length': String(LIMIT + 1) })
    expect(claimed.status).toBe(413)
    expect(await uploads()).toEqual([])
  })

  it('leaves nothing of what is no package, nor of other types', async () => {
    const broken = await post(vsix.slice(0, vsix.length - 30))
    expect(broken.status).toBe(400)
    expect(await broken.json()).toMatchObject({
      error: { code: 'VSIX_INVALID', details: { findings: [{}] } },
    })
    expect((await post(new Uint8Array())).status).toBe(400)
    expect((await post(vsix, { 'content-type': 'multipart/form-data; boundary=x' })).status).toBe(415)
    expect((await post(vsix, { 'content-encoding': 'gzip' })).status).toBe(415)
    expect(await uploads()).toEqual([])
  })

  it('is for members of the publisher, and for tokens with the scope', async () => {
    const stranger = await signUp(t)
    await stranger.forge.marketplace.createPublisher({ name: `other-${stranger.id.slice(-8).toLowerCase()}` })
    const foreign = await failure(stranger.forge.marketplace.submit(variantOf(vsix, { version: '3.0.0' })))
    expect(foreign).toBe('PUBLISHER_FORBIDDEN')
    const nobody = variantOf(vsix, { publisher: 'nobody-has-this' })
    expect(await failure(stranger.forge.marketplace.submit(nobody))).toBe('PUBLISHER_FORBIDDEN')
    expect(await failure(t.forge().marketplace.submit(vsix))).toBe('AUTH_REQUIRED')
    const reading = await m.author.forge.auth.createApiToken({ name: 'read', scopes: ['read'] })
    expect(await failure(t.forge({ apiToken: reading.token }).marketplace.submit(vsix))).toBe(
      'AUTH_SCOPE_MISSING',
    )
    const publishing = await m.author.forge.auth.createApiToken({ name: 'ci', scopes: ['publish'] })
    const ci = t.forge({ apiToken: publishing.token })
    const { id } = await ci.marketplace.submit(variantOf(vsix, { version: '3.1.0' }))
    await t.drain()
    expect(await ci.marketplace.submission({ id })).toMatchObject({ status: 'published' })
    expect((await ci.marketplace.submissions({ extension: `${m.publisher}.HELLO` })).items[0]?.id).toBe(id)
    expect(await failure(stranger.forge.marketplace.submission({ id }))).toBe('NOT_FOUND')
    expect(await uploads()).toEqual([])
  })

  it('does not even take in the package of an account that belongs to no publisher', async () => {
    const [stranger, former] = [await signUp(t), await signUp(t)]
    const name = `gone-${former.id.slice(-8).toLowerCase()}`
    await former.forge.marketplace.createPublisher({ name })
    await former.forge.marketplace.removePublisher({ publisher: name, reason: 'enough' })
    for (const { forge } of [stranger, former]) {
      let sent = 0
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            sent += 1000
            controller.enqueue(vsix.slice(0, 1000))
            if (sent > LIMIT) controller.close()
          },
        },
        { highWaterMark: 0 },
      )
      const { accessToken } = await forge.auth.refresh()
      const response = await post(body, { authorization: `Bearer ${accessToken}` })
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({
        error: {
          code: 'PUBLISHER_FORBIDDEN',
          message: expect.stringContaining('belongs to no publisher'),
          details: { publisher: null },
        },
      })
      expect(sent).toBe(0)
    }
    expect(await uploads()).toEqual([])
  })

  it('over a real connection: 413 reaches the client in the middle of its upload, and a client that hangs up leaves nothing', async () => {
    const listener = await listen({ HOST: '127.0.0.1', PORT: 0 })
    listener.attach(createApp(t.deps).fetch)
    try {
      const head = (length: number) =>
        `POST /api/v1/marketplace/submissions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
        `content-type: application/octet-stream\r\ncontent-length: ${length}\r\n\r\n`
      const token = await accessToken()

      const large = connect(listener.port, '127.0.0.1')
      const answer = new Promise<string>((resolve, reject) => {
        let text = ''
        large.on('data', (chunk) => {
          text += chunk.toString()
        })
        large.on('close', () => resolve(text))
        large.on('error', reject)
      })
      // Says less than it sends: chunked bodies say nothing at all.
      large.write(head(1).replace('content-length: 1', 'transfer-encoding: chunked'))
      const chunk = Buffer.alloc(65_536)
      for (let n = 0; n < 8 && large.writable; n++) {
        large.write(`10000\r\n`)
        large.write(chunk)
        large.write('\r\n')
      }
      expect(await answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*VSIX_TOO_LARGE/)

      const quitter = connect(listener.port, '127.0.0.1')
      quitter.write(head(200_000))
      quitter.write(Buffer.alloc(100_000))
      for (let n = 0; n < 100 && (await uploads()).length === 0; n++) await sleep(20)
      expect(await uploads()).toHaveLength(1)
      quitter.destroy()
      for (let n = 0; n < 200 && (await uploads()).length > 0; n++) await sleep(20)
      expect(await uploads()).toEqual([])
    } finally {
      await listener.close(2_000)
    }
  })
})
