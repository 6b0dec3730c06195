import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, hireAgent, openDesk } from '../support/desk.ts'
import { failure } from '../support/errors.ts'
import { type Person, signUp } from '../support/people.ts'
import { png } from '../support/png.ts'
import { zipOf } from '../support/zip.ts'

const HOUR = 60 * 60_000
const LIMIT = 60_000

describe('attachments', () => {
  let t: TestApp
  let desk: Desk
  const picture = png(8, 8, [10, 200, 30])

  beforeAll(async () => {
    t = await createTestApp({ env: { MAX_ATTACHMENT_BYTES: String(LIMIT), MAX_UNATTACHED_BYTES: '150000' } })
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const blob = (...parts: (string | Uint8Array)[]): Blob =>
    new Blob(parts.map((part) => (typeof part === 'string' ? part : Uint8Array.from(part))))
  const upload = (person: Person, bytes: string | Uint8Array, fileName = 'file') =>
    person.forge.tickets.uploadAttachment(blob(bytes), { fileName })
  const open = (person: Person, attachmentIds: string[]) =>
    person.forge.tickets.create({ ...aTicket(), attachmentIds })
  const fetchFile = async (person: Person, id: string): Promise<Response> =>
    t.fetch((await person.forge.tickets.attachment({ id })).url)
  /** What lies in the storage. */
  const stored = async (): Promise<string[]> => {
    const names = await Promise.all(
      ['attachments', '.partial'].map((folder) =>
        readdir(join(t.deps.env.FILES_DIR, folder)).catch((): string[] => []),
      ),
    )
    return names.flat().sort()
  }
  const rowOf = async (id: string) => (await t.deps.sql`select * from ticket_attachments where id = ${id}`)[0]

  test('a screenshot goes along with a ticket and comes back to whoever may see it', async () => {
    const { customer, agent } = desk
    const seen: number[] = []
    const file = await customer.forge.tickets.uploadAttachment(blob(picture), {
      fileName: 'white window.png',
      onProgress: ({ sentBytes }) => seen.push(sentBytes),
    })
    expect(seen.at(-1)).toBe(picture.length)
    const shown = {
      id: file.id,
      fileName: 'white window.png',
      contentType: 'image/png',
      sizeBytes: picture.length,
      isImage: true,
    }
    expect(file).toEqual(shown)
    const { id } = await open(customer, [file.id])
    expect((await customer.forge.tickets.get({ id })).messages[0]?.attachments).toEqual([shown])
    expect((await customer.forge.tickets.messages({ id })).items[0]?.attachments).toEqual([shown])
    for await (const { message } of customer.forge.tickets.onUpdate({ id })) {
      if (message) {
        expect(message.attachments).toEqual([shown])
        break
      }
    }
    for (const person of [customer, agent]) {
      const response = await fetchFile(person, file.id)
      expect(response.status).toBe(200)
      expect(Buffer.from(await response.arrayBuffer()).equals(picture)).toBe(true)
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'image/png',
        'content-disposition': 'attachment; filename="white_window.png"',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
        'cache-control': 'private, no-store',
        'cross-origin-resource-policy': 'same-origin',
      })
    }
  })

  test('replies and notes take files, too; those of notes stay with the desk', async () => {
    const { customer, agent } = desk
    const { id } = await open(customer, [])
    const log = await upload(customer, 'line 1\nline 2\n', 'editor.log')
    const replied = await customer.forge.tickets.reply({ id, body: 'The log', attachmentIds: [log.id] })
    expect(replied.message.attachments).toMatchObject([{ fileName: 'editor.log', contentType: 'text/plain' }])
    const secret = await upload(agent, 'who this really is', 'note.txt')
    const noted = await agent.forge.tickets.note({ id, body: 'See file', attachmentIds: [secret.id] })
    expect(noted.message.attachments).toHaveLength(1)
    expect((await fetchFile(agent, secret.id)).status).toBe(200)
    expect(await failure(customer.forge.tickets.attachment({ id: secret.id }))).toBe('NOT_FOUND')
    expect(JSON.stringify(await customer.forge.tickets.get({ id }))).not.toContain(secret.id)
    // An agent is a customer of the own ticket, and sees no notes of it.
    const own = await open(agent, [])
    const about = await upload(desk.admin, 'about a colleague', 'about.txt')
    await desk.admin.forge.tickets.note({ id: own.id, body: 'See file', attachmentIds: [about.id] })
    expect(await failure(agent.forge.tickets.attachment({ id: about.id }))).toBe('NOT_FOUND')
  })

  describe('what it is, its bytes say', () => {
    const script = '<script>alert(document.domain)</script>'
    const gif = Buffer.from('4749463839610100010000ff002c00000000010001000002003b', 'hex')
    const cases: [name: string, bytes: () => string | Uint8Array | Promise<Uint8Array>, type: string][] = [
      [
        'an SVG with a script',
        () => `<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`,
        'application/octet-stream',
      ],
      [
        'an SVG with a prolog',
        () => `<?xml version="1.0"?><svg onload="alert(1)"/>`,
        'application/octet-stream',
      ],
      [
        'HTML behind a byte order mark',
        () => `\uFEFF \n<!doctype html>${script}`,
        'application/octet-stream',
      ],
      ['HTML', () => `<!doctype html><html>${script}</html>`, 'application/octet-stream'],
      [
        'a GIF that is a script',
        () => Buffer.concat([gif, Buffer.from('/*'), Buffer.from(`*/=1;alert(1)`)]),
        'image/gif',
      ],
      [
        'a PNG that is an archive',
        async () => Buffer.concat([picture, zipOf([{ name: 'x.html', data: script }])]),
        'image/png',
      ],
      ['an archive', () => zipOf([{ name: 'log.txt', data: 'a' }]), 'application/zip'],
      ['gzip', () => gzipSync('a log'), 'application/gzip'],
      ['a PDF', () => '%PDF-1.7\n%âãÏÓ\n1 0 obj\n', 'application/pdf'],
      ['JSON', () => '{"a": "ü"}', 'text/plain'],
      ['text with a control character', () => 'a\u0007b', 'application/octet-stream'],
      ['text that is no UTF-8', () => Buffer.from('fa\xe7ade', 'latin1'), 'application/octet-stream'],
      [
        'text that breaks off in a character',
        () => Buffer.from('façade €').subarray(0, -1),
        'application/octet-stream',
      ],
      ['a program', () => Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]), 'application/octet-stream'],
    ]
    test.each(cases)('%s', async (_, bytes, contentType) => {
      const { customer } = desk
      // Told to be a picture, in every way there is.
      const response = await t.fetch(`${TEST_URL}/api/v1/tickets/attachments?fileName=cat.png`, {
        method: 'POST',
        body: blob(await bytes()),
        headers: {
          authorization: `Bearer ${(await customer.forge.auth.refresh()).accessToken}`,
          'content-type': 'application/octet-stream',
        },
      })
      expect(response.status).toBe(201)
      const file = (await response.json()) as { id: string }
      expect(file).toMatchObject({ contentType, isImage: contentType.startsWith('image/') })
      await open(customer, [file.id])
      const served = await fetchFile(desk.agent, file.id)
      expect(served.headers.get('content-type')).toBe(contentType)
      expect(served.headers.get('content-disposition')).toMatch(/^attachment;/)
      expect(served.headers.get('x-content-type-options')).toBe('nosniff')
      expect(served.headers.get('content-security-policy')).toContain('sandbox')
    })
  })

  test.each([
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\ada\\evil.txt', 'evil.txt'],
    ['a\u0000b\nc".txt', 'abc_.txt'],
    // Would be shown as codexe.jpg.
    ['cod\u202Egpj.exe', 'codgpj.exe'],
    ['.htaccess', 'htaccess'],
    ['....', 'attachment'],
    ['', 'attachment'],
    [`${'ü'.repeat(300)}.log`, `${'ü'.repeat(116)}.log`],
    ['\uD800.txt', '\uFFFD.txt'],
  ])('the name %j becomes %j', async (given, cleaned) => {
    const { customer } = desk
    const file = await upload(customer, 'text', given)
    expect(file.fileName).toBe(cleaned)
    await open(customer, [file.id])
    const served = await fetchFile(customer, file.id)
    expect(served.status).toBe(200)
    const disposition = served.headers.get('content-disposition') ?? ''
    expect(disposition).toMatch(
      /^attachment; filename="[A-Za-z0-9._@-]+"(; filename\*=UTF-8''[A-Za-z0-9._~%-]+)?$/,
    )
    if (cleaned.startsWith('ü')) expect(decodeURIComponent(disposition.split("''")[1] ?? '')).toBe(cleaned)
  })

  test('what is too large is stopped in the middle, and nothing of it is left', async () => {
    const customer = await signUp(t)
    const before = await stored()
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 10_000
        controller.enqueue(new Uint8Array(10_000))
      },
    })
    await expect(customer.forge.tickets.uploadAttachment(endless)).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      httpStatus: 413,
      details: { limitBytes: LIMIT },
    })
    expect(sent).toBeLessThan(3 * LIMIT)
    expect(await failure(upload(customer, ''))).toBe('INVALID_INPUT')
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(10)),
      pull: (controller) => controller.error(new Error('unplugged')),
    })
    expect(await failure(customer.forge.tickets.uploadAttachment(broken))).toBe('LOCAL_FAILURE')
    expect(await stored()).toEqual(before)
    expect(await t.deps.sql`select 1 from ticket_attachments where uploader_id = ${customer.id}`).toEqual([])
  })

  test('one account may not fill the disk with what it never sends', async () => {
    const customer = await signUp(t)
    const part = 'x'.repeat(50_000)
    // At once: the sum is taken under a lock.
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => upload(customer, part)))
    const kept = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []))
    expect(kept).toHaveLength(3)
    expect(tries.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))).toEqual(
      Array(5).fill('ATTACHMENT_QUOTA'),
    )
    await open(customer, kept)
    expect(await upload(customer, part)).toMatchObject({ sizeBytes: 50_000 })
  })

  test('somebody else’s upload answers like one that never was, and one that is taken, too', async () => {
    const { customer, agent } = desk
    const other = await signUp(t)
    const theirs = await upload(other, 'mine', 'mine.txt')
    const learned = async (id: string): Promise<string> => {
      const error = await open(customer, [id]).catch((reason: unknown) => reason)
      return JSON.stringify(
        error,
        Object.getOwnPropertyNames(error).filter((name) => !/stack|cause|requestId/.test(name)),
      ).replaceAll(id, '<id>')
    }
    const unknown = await learned('att_01aaaaaaaaaaaaaaaaaaaaaaaa')
    expect(unknown).toContain('NOT_FOUND')
    expect(await learned(theirs.id)).toBe(unknown)
    const own = await upload(customer, 'a', 'a.txt')
    await open(customer, [own.id])
    expect(await learned(own.id)).toBe(unknown)
    // Nobody sees what was not sent, and agents send their own files only.
    expect(await failure(agent.forge.tickets.attachment({ id: theirs.id }))).toBe('NOT_FOUND')
    const { id } = await open(other, [theirs.id])
    const late = await upload(other, 'b', 'b.txt')
    expect(await failure(agent.forge.tickets.reply({ id, body: 'x', attachmentIds: [late.id] }))).toBe(
      'NOT_FOUND',
    )
    // What was refused left nothing: no ticket without its file.
    const [{ count } = {}] = await t.deps
      .sql`select count(*)::int from tickets where requester_id = ${other.id}`
    expect(count).toBe(1)
    await expect(open(customer, [late.id, late.id])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(
      open(
        customer,
        Array.from({ length: 11 }, (_, i) => `att_${i}`),
      ),
    ).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
  })

  test('of twenty messages that want one file, one gets it', async () => {
    const customer = await signUp(t)
    const ids = await Promise.all(Array.from({ length: 4 }, async () => (await open(customer, [])).id))
    const [one, two] = [await upload(customer, '1'), await upload(customer, '2')]
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) =>
        customer.forge.tickets.reply({
          id: ids[i % 4] ?? '',
          body: `Try ${i}`,
          attachmentIds: i % 2 ? [one.id, two.id] : [two.id, one.id],
        }),
      ),
    )
    expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
    const codes = tries.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
    expect(codes).toEqual(Array(19).fill('NOT_FOUND'))
    const rows = await t.deps
      .sql`select distinct message_id from ticket_attachments where id in ${t.deps.sql([one.id, two.id])}`
    expect(rows).toHaveLength(1)
  })

  test('the same key with the same files is the same answer, with others it is none', async () => {
    const customer = await signUp(t)
    const { id } = await open(customer, [])
    const file = await upload(customer, '1')
    const answer = { id, body: 'Here', attachmentIds: [file.id], idempotencyKey: 'answer-with-file' }
    const first = await customer.forge.tickets.reply(answer)
    const again = await customer.forge.tickets.reply(answer)
    expect(again.message).toEqual(first.message)
    const { attachmentIds: _, ...bare } = answer
    expect(await failure(customer.forge.tickets.reply(bare))).toBe('IDEMPOTENCY_CONFLICT')
  })

  describe('an address', () => {
    let customer: Person
    let attachmentId: string
    let url: URL
    const status = async (change: (url: URL) => void = () => {}): Promise<number> => {
      const changed = new URL(url)
      change(changed)
      return (await t.fetch(changed.href)).status
    }
    beforeAll(async () => {
      customer = await signUp(t)
      attachmentId = (await upload(customer, 'for my eyes', 'mine.txt')).id
      await open(customer, [attachmentId])
      url = new URL((await customer.forge.tickets.attachment({ id: attachmentId })).url)
    })

    test('serves parts and heads, without a header', async () => {
      const part = await t.fetch(url.href, { headers: { range: 'bytes=4-5' } })
      expect([part.status, await part.text()]).toEqual([206, 'my'])
      expect((await t.fetch(url.href, { method: 'HEAD' })).status).toBe(200)
    })

    test('that was changed is none', async () => {
      const other = await signUp(t)
      const foreign = (await upload(other, 'x')).id
      await open(other, [foreign])
      expect(await status()).toBe(200)
      expect(await status((u) => u.searchParams.set('expires', '9999999999'))).toBe(404)
      expect(await status((u) => u.searchParams.set('user', desk.agent.id))).toBe(404)
      expect(await status((u) => u.searchParams.set('session', 'ses_01aaaaaaaaaaaaaaaaaaaaaaaa'))).toBe(404)
      expect(await status((u) => u.searchParams.delete('signature'))).toBe(404)
      expect(
        await status((u) => {
          u.pathname = u.pathname.replace(attachmentId, foreign)
        }),
      ).toBe(404)
      const package_ = url.href.replace('/files/attachments/', '/files/packages/')
      expect((await t.fetch(package_)).status).toBe(404)
    })

    test('is looked up again each time: a ban, a sign-out and a lost role end it', async () => {
      const agent = await hireAgent(t)
      const address = (await agent.forge.tickets.attachment({ id: attachmentId })).url
      expect((await t.fetch(address)).status).toBe(200)
      await desk.admin.forge.admin.setRole({ userId: agent.id, role: 'customer', reason: 'test' })
      const demoted = await t.fetch(address)
      expect([401, 404]).toContain(demoted.status)

      const fresh = new URL((await customer.forge.tickets.attachment({ id: attachmentId })).url)
      await desk.admin.forge.admin.ban({ userId: customer.id, reason: 'test' })
      expect([401, 403]).toContain((await t.fetch(fresh.href)).status)
      await desk.admin.forge.admin.unban({ userId: customer.id, reason: 'test' })
      await customer.forge.auth.signIn({ email: customer.email, password: customer.password })
      url = new URL((await customer.forge.tickets.attachment({ id: attachmentId })).url)
      expect(await status()).toBe(200)
      await customer.forge.auth.signOut()
      expect(await status()).toBe(401)
    })

    test('ends by itself after five minutes', async () => {
      await customer.forge.auth.signIn({ email: customer.email, password: customer.password })
      const address = await customer.forge.tickets.attachment({ id: attachmentId })
      expect(address.expiresAt.getTime() - t.clock.now().getTime()).toBeLessThanOrEqual(5 * 60_000)
      t.clock.advance(5 * 60_000 + 1_000)
      expect((await t.fetch(address.url)).status).toBe(404)
    })
  })

  test('nobody uploads without signing in, from a form, or as somebody', async () => {
    const post = (headers: Record<string, string>) =>
      t.fetch(`${TEST_URL}/api/v1/tickets/attachments`, { method: 'POST', body: 'x', headers })
    const { accessToken } = await desk.customer.forge.auth.refresh()
    const authorization = `Bearer ${accessToken}`
    expect((await post({ 'content-type': 'application/octet-stream' })).status).toBe(401)
    expect((await post({ authorization, 'content-type': 'text/plain' })).status).toBe(415)
    expect((await post({ authorization, 'content-type': 'multipart/form-data; boundary=x' })).status).toBe(
      415,
    )
  })

  test('what nobody sends in a day is deleted, also after a crash in the middle', async () => {
    const customer = await signUp(t)
    const sent = await upload(customer, 'sent')
    await open(customer, [sent.id])
    const loose = await upload(customer, 'loose')
    const late = await upload(customer, 'late')
    // A process that died: while a file arrived, and between noting and deleting.
    await t.deps
      .sql`insert into ticket_attachments (id, uploader_id, file_name, content_type, size_bytes, storage_key, created_at)
      values ('att_arriving', ${customer.id}, 'a', 'x', 0, 'attachments/att_arriving', ${t.clock.now().toISOString()})`
    await t.deps.files.put('attachments/att_arriving', 'half', { contentType: 'x' })
    await t.deps.files.delete(`attachments/${loose.id}`)
    await t.deps
      .sql`update ticket_attachments set deleted_at = ${t.clock.now().toISOString()} where id = ${loose.id}`
    expect(await failure(open(customer, ['att_arriving']))).toBe('NOT_FOUND')
    expect(await failure(open(customer, [loose.id]))).toBe('NOT_FOUND')
    const sweep = async () => {
      await t.deps.jobs.enqueue(t.deps.db, 'support.sweepFiles', {})
      expect(await t.drain()).toEqual([])
    }
    t.clock.advance(23 * HOUR)
    await sweep()
    expect(await rowOf(loose.id)).toBeUndefined()
    expect(await rowOf(late.id)).toBeDefined()
    expect(await stored()).toEqual(expect.arrayContaining([late.id, 'att_arriving', sent.id]))
    t.clock.advance(2 * HOUR)
    await sweep()
    for (const id of [late.id, 'att_arriving']) {
      expect(await rowOf(id)).toBeUndefined()
      expect(await stored()).not.toContain(id)
    }
    expect(await stored()).toContain(sent.id)
  })
})
