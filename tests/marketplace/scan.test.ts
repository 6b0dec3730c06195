import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemContext } from '@devforge/server/context'
import { processSubmission } from '@devforge/server/modules/marketplace/service/submissions/process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Marketplace, openMarketplace, type Submitted } from '../support/marketplace.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

/** What a stand-in for clamd does with a package. */
type Clamd = (bytes: Buffer, socket: Socket) => void

describe('scanning', () => {
  let t: TestApp
  let m: Marketplace
  let vsix: Uint8Array<ArrayBuffer>
  let folder: string
  let clamd: Server
  let clamdDoes: Clamd
  let patch = 0

  beforeAll(async () => {
    t = await createTestApp({ env: { MALWARE_SCANNER_TIMEOUT_SECONDS: '0.5' } })
    m = await openMarketplace(t)
    vsix = await packVsix({ publisher: m.publisher })
    await m.publish()
    folder = await mkdtemp(join(tmpdir(), 'devforge-scanner-'))
    clamd = createServer((socket) => {
      const chunks: Buffer[] = []
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        chunks.push(chunk)
        const received = Buffer.concat(chunks)
        if (received.subarray(-4).equals(Buffer.alloc(4))) clamdDoes(unframed(received), socket)
      })
    })
    await new Promise<void>((resolve) => clamd.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    clamd.close()
    await rm(folder, { recursive: true, force: true })
    await t[Symbol.asyncDispose]()
  })

  /** What INSTREAM carried: chunks with their length in front. */
  function unframed(received: Buffer): Buffer {
    expect(received.subarray(0, 10).toString()).toBe('zINSTREAM\0')
    const parts: Buffer[] = []
    for (let at = 10; at < received.length; ) {
      const length = received.readUInt32BE(at)
      parts.push(received.subarray(at + 4, at + 4 + length))
      at += 4 + length
    }
    return Buffer.concat(parts)
  }

  /** An update that changes nothing anybody would look at. */
  const next = () => variantOf(vsix, { version: `1.0.${++patch}` })

  async function submitWith(scanner: string | undefined, bytes: Uint8Array = next()): Promise<Submitted> {
    t.deps.env.MALWARE_SCANNER = scanner
    const { id } = await m.author.forge.marketplace.submit(new Uint8Array(bytes))
    await t.drain()
    return m.author.forge.marketplace.submission({ id })
  }

  async function program(name: string, script: string): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, `#!/bin/sh\n${script}\n`)
    await chmod(path, 0o755)
    return `exec:${path}`
  }

  const published = async (submission: Submitted): Promise<boolean> =>
    (await t.deps.sql`select 1 from extension_versions where submission_id = ${submission.id}`).length > 0

  it('without a scanner holds everything, says what to set, and takes it up once it is set', async () => {
    const submission = await submitWith(undefined)
    expect(submission.status).toBe('scan_failed')
    expect(submission.reason).toContain('MALWARE_SCANNER')
    // Not even a moderator publishes what was not scanned.
    await m.admin.forge.marketplace.approve({ submissionId: submission.id })
    await t.drain()
    expect(await m.author.forge.marketplace.submission({ id: submission.id })).toMatchObject({
      status: 'scan_failed',
    })
    expect(await published(submission)).toBe(false)

    t.deps.env.MALWARE_SCANNER = 'builtin'
    await t.deps.jobs.enqueue(t.deps.db, 'marketplace.sweep', { all: true })
    await t.drain()
    expect(await m.author.forge.marketplace.submission({ id: submission.id })).toMatchObject({
      status: 'published',
    })
  })

  it('believes a program by its exit code: clean, infected, and everything else is no verdict', async () => {
    const clean = await submitWith(await program('clean', 'cat > /dev/null; exit 0'))
    expect(clean.status).toBe('published')

    const infected = await submitWith(await program('infected', 'cat > /dev/null; echo Eicar-Test; exit 1'))
    expect(infected).toMatchObject({ status: 'rejected', reason: expect.stringContaining('Eicar-Test') })
    expect(infected.findings).toContainEqual(expect.objectContaining({ rule: 'malware', severity: 'error' }))

    const failures = {
      'it crashed': await program('crashes', 'cat > /dev/null; exit 3'),
      'it was killed': await program('dies', 'kill -9 $$'),
      'it hangs': await program('hangs', 'exec sleep 30'),
      'it is not there': `exec:${join(folder, 'nothing')}`,
    }
    for (const [why, scanner] of Object.entries(failures)) {
      const submission = await submitWith(scanner)
      expect(submission.status, why).toBe('scan_failed')
      expect(submission.reason, why).toMatch(/^The malware scanner /)
      expect(await published(submission), why).toBe(false)
    }
  })

  it('speaks with clamd: the bytes arrive whole, its words are believed, its silence is not', async () => {
    const { port } = clamd.address() as { port: number }
    const address = `clamd://127.0.0.1:${port}`
    const bytes = next()
    let seen: Buffer | undefined
    clamdDoes = (received, socket) => {
      seen = received
      socket.end('stream: OK\0')
    }
    expect((await submitWith(address, bytes)).status).toBe('published')
    expect(seen?.equals(bytes)).toBe(true)

    clamdDoes = (_, socket) => socket.end('stream: Win.Test.EICAR_HDB-1 FOUND\0')
    expect(await submitWith(address)).toMatchObject({
      status: 'rejected',
      reason: expect.stringContaining('Win.Test.EICAR_HDB-1'),
    })
    const failures: Record<string, Clamd> = {
      'too large for it': (_, socket) => socket.end('INSTREAM size limit exceeded. ERROR\0'),
      'hangs up': (_, socket) => socket.destroy(),
      'says nothing': () => undefined,
      'says what nobody knows': (_, socket) => socket.end('stream: FINE\0'),
    }
    for (const [why, does] of Object.entries(failures)) {
      clamdDoes = does
      expect((await submitWith(address)).status, why).toBe('scan_failed')
    }
    expect((await submitWith('clamd://127.0.0.1:1')).status).toBe('scan_failed')
  })

  it('waits longer with each failed scan before it tries again', async () => {
    const submission = await submitWith(undefined)
    const attempts = async () => {
      await t.deps.jobs.enqueue(t.deps.db, 'marketplace.sweep', {})
      await t.drain()
      const [row] = await t.deps.sql`select attempts from submissions where id = ${submission.id}`
      return row?.attempts
    }
    expect(await attempts()).toBe(1)
    t.clock.advance(3 * 60_000)
    expect(await attempts()).toBe(2)
    t.clock.advance(3 * 60_000)
    expect(await attempts()).toBe(2)
    t.deps.env.MALWARE_SCANNER = 'builtin'
    t.clock.advance(3 * 60_000)
    // The third scan, and then the publishing.
    expect(await attempts()).toBe(4)
    expect(await m.author.forge.marketplace.submission({ id: submission.id })).toMatchObject({
      status: 'published',
    })
  })

  it('rejects a package with secrets, naming file and line, and revokes a token of ours that it leaks', async () => {
    t.deps.env.MALWARE_SCANNER = 'builtin'
    const { token } = await m.author.forge.auth.createApiToken({ name: 'CI of ours', scopes: ['publish'] })
    const leaky = variantOf(vsix, {
      version: `1.0.${++patch}`,
      files: { 'extension/extension.js': `exports.activate = () => {}\nconst token = '${token}'\n` },
    })
    const submission = await submitWith('builtin', leaky)
    expect(submission.status).toBe('rejected')
    expect(submission.findings).toContainEqual(
      expect.objectContaining({ severity: 'error', file: 'extension/extension.js', line: 2 }),
    )
    expect(JSON.stringify(submission)).not.toContain(token)
    expect(await failure(t.forge({ apiToken: token }).marketplace.submissions())).toBe('AUTH_REQUIRED')
    const mails = await t.mails(m.author.email)
    expect(mails.map((mail) => mail.subject)).toContain('Your API token was found in a package and revoked')
    // Mended, the same version may come again.
    expect((await submitWith('builtin', variantOf(vsix, { version: submission.version }))).status).toBe(
      'published',
    )
  })

  it('stays closed under 200 packages at once and a scanner that hangs, and works on few at a time', async () => {
    t.deps.env.MALWARE_SCANNER = await program('sleeps', 'exec sleep 30')
    t.deps.env.MALWARE_SCANNER_TIMEOUT_SECONDS = 0.01
    const packages = Array.from({ length: 200 }, next)
    const sent = await Promise.all(packages.map((bytes) => m.author.forge.marketplace.submit(bytes)))
    expect(new Set(sent.map(({ id }) => id)).size).toBe(200)
    let most = 0
    let now = 0
    const { stream } = t.deps.files
    t.deps.files.stream = async (...given) => {
      most = Math.max(most, ++now)
      const opened = await stream(...given)
      opened.once('close', () => now--)
      return opened
    }
    const ctx = systemContext(t.deps, { type: 'system', job: 'marketplace.process' })
    await Promise.all(sent.map(({ id }) => processSubmission(ctx, id)))
    t.deps.files.stream = stream
    expect(most).toBeLessThanOrEqual(2)
    const rows = await t.deps.sql`select status, count(*)::int as count from submissions
      where id = any(${sent.map(({ id }) => id)}) group by status`
    expect([...rows]).toEqual([{ status: 'scan_failed', count: 200 }])
    const [visible] = await t.deps.sql`select count(*)::int as count from extension_versions
      where submission_id = any(${sent.map(({ id }) => id)})`
    expect(visible?.count).toBe(0)
  }, 120_000)
})
