import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createS3Files } from '@devforge/server/files/s3'
import { createLog } from '@devforge/server/log'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { aTicket } from '../support/desk.ts'
import { failure } from '../support/errors.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let person: Person
let folder: string
beforeAll(async () => {
  t = await createTestApp({
    env: { MAX_ATTACHMENT_BYTES: '2000', MAX_UNATTACHED_BYTES: '2000', MALWARE_SCANNER_TIMEOUT_SECONDS: '2' },
  })
  person = await signUp(t)
  folder = await mkdtemp(join(tmpdir(), 'devforge-scanner-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await t[Symbol.asyncDispose]()
})

const upload = (text: string, who = person) =>
  who.forge.tickets.uploadAttachment(new Blob([text]), { fileName: 'file.txt' })
const stored = () => readdir(join(t.deps.env.FILES_DIR, 'attachments')).catch((): string[] => [])

describe('malware in attachments', () => {
  async function scanner(script: string): Promise<void> {
    const path = join(folder, 'scanner')
    await writeFile(path, `#!/bin/sh\n${script}\n`)
    await chmod(path, 0o755)
    t.deps.env.MALWARE_SCANNER = `exec:${path}`
  }
  afterAll(() => {
    t.deps.env.MALWARE_SCANNER = 'builtin'
  })

  test('what the scanner refuses is not kept, what it passes is', async () => {
    await scanner('if grep -q EICAR; then echo Eicar; exit 1; fi; exit 0')
    expect(await failure(upload('this is EICAR'))).toBe('ATTACHMENT_INFECTED')
    expect(await stored()).toEqual([])
    expect((await upload('this is a log')).sizeBytes).toBe(13)
  })

  test('without its word nothing is taken', async () => {
    const before = await stored()
    await scanner('exit 7')
    expect(await failure(upload('unseen'))).toBe('UNAVAILABLE')
    expect(await stored()).toEqual(before)
  })
})

test('sent or not, an account uploads so much a day and no more, however many try at once', async () => {
  const much = await signUp(t)
  for (let n = 0; n < 4; n++) {
    const { id } = await upload('x'.repeat(2_000), much)
    await much.forge.tickets.create({ ...aTicket(), attachmentIds: [id] })
  }
  const tries = await Promise.allSettled(Array.from({ length: 4 }, () => upload('x'.repeat(1_200), much)))
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const { id } = (await much.forge.tickets.list()).items[0] ?? { id: '' }
  const [{ id: waiting } = { id: '' }] = await t.deps.sql<{ id: string }[]>`
    select id from ticket_attachments where uploader_id = ${much.id} and message_id is null and sha256 is not null`
  await much.forge.tickets.reply({ id, body: 'One more', attachmentIds: [waiting] })
  expect(await failure(upload('x'.repeat(1_200), much))).toBe('ATTACHMENT_QUOTA')
  // Others are not kept from it, and a day later it is forgotten.
  await upload('x', await signUp(t))
  t.clock.advance(25 * 3_600_000)
  await much.forge.auth.signIn({ email: much.email, password: much.password })
  await upload('x'.repeat(1_200), much)
})

test('what files are called stands in no log', async () => {
  const { id } = await person.forge.tickets.uploadAttachment(new Blob(['x']), { fileName: 'xylophonist.txt' })
  await person.forge.tickets.create({ ...aTicket(), attachmentIds: [id] })
  const { url } = await person.forge.tickets.attachment({ id })
  expect((await t.fetch(url)).headers.get('content-disposition')).toContain('xylophonist')
  const log = readFileSync(inject('suiteLog'), 'utf8')
  expect(log).toContain(id)
  expect(log).not.toContain('xylophonist')
})

describe('attachments in a bucket', () => {
  const files = createS3Files(
    {
      S3_BUCKET: 'bucket',
      S3_REGION: 'us-east-1',
      S3_ENDPOINT: 'http://127.0.0.1:9',
      S3_ACCESS_KEY_ID: 'someone',
      S3_SECRET_ACCESS_KEY: 'not-used-elsewhere',
      S3_FORCE_PATH_STYLE: true,
    },
    createLog('silent'),
  )

  test('are saved and not shown there, too: its address says so, and nobody can say otherwise', async () => {
    const { id } = await upload('<svg onload=alert(1)>')
    await person.forge.tickets.create({ ...aTicket(), attachmentIds: [id] })
    const { url } = await person.forge.tickets.attachment({ id })
    const { signedUrl } = t.deps.files
    t.deps.files.signedUrl = files.signedUrl
    const response = await t.fetch(url)
    t.deps.files.signedUrl = signedUrl
    expect(response.status).toBe(302)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const address = new URL(response.headers.get('location') ?? '')
    expect(address.pathname).toBe(`/bucket/attachments/${id}`)
    const query = address.searchParams
    expect(query.get('response-content-disposition')).toMatch(/^attachment; filename=/)
    // Not what its sender calls it.
    expect(query.get('response-content-type')).toBe('application/octet-stream')
    expect(Number(query.get('X-Amz-Expires'))).toBeLessThanOrEqual(60)
    // Part of what is signed.
    expect(query.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/)
    expect(query.get('X-Amz-SignedHeaders')).toBe('host')
  })

  test('nobody gets there without a good address of ours', async () => {
    const { id } = await upload('x')
    await person.forge.tickets.create({ ...aTicket(), attachmentIds: [id] })
    const { url } = await person.forge.tickets.attachment({ id })
    const other = new URL(url)
    other.searchParams.set('user', (await signUp(t)).id)
    expect((await t.fetch(other.href)).status).toBe(404)
    expect((await t.fetch(`${TEST_URL}/files/attachments/${id}/x`)).status).toBe(404)
    await person.forge.auth.signOut()
    expect((await t.fetch(url)).status).toBe(401)
  })
})
