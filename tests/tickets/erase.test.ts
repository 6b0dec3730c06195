import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { type Desk, openDesk } from '../support/desk.ts'
import { signUp } from '../support/people.ts'

/** Words that only this person writes. */
const WORD = 'xylophone'

describe('what a person told support', () => {
  let t: TestApp
  let desk: Desk
  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  async function write() {
    const person = await signUp(t)
    const { tickets } = person.forge
    const file = new TextEncoder().encode(`A log of ${WORD}`)
    const attachment = await tickets.uploadAttachment(file, { fileName: `${WORD}.log` })
    const { id } = await tickets.create({
      subject: `About ${WORD}`,
      body: `I say ${WORD}`,
      category: 'bug',
      attachmentIds: [attachment.id],
      diagnostics: { app: { version: '1.0.0' }, os: { platform: 'linux', arch: WORD } },
    })
    await desk.agent.forge.tickets.reply({ id, body: 'An answer of ours', status: 'solved' })
    await tickets.rate({ id, score: 5, comment: WORD })
    await t.drain()
    return { person, id }
  }

  /** Everywhere in the database, as it would stand in a dump of it. */
  async function tablesWith(word: string): Promise<string[]> {
    const tables = await t.deps.sql`
      select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`
    const found: string[] = []
    for (const { name } of tables) {
      const rows = await t.deps.sql.unsafe(`select 1 from "${name}" r where r::text ilike $1 limit 1`, [
        `%${word}%`,
      ])
      if (rows.length > 0) found.push(String(name))
    }
    return found
  }

  async function filesWith(word: string): Promise<string[]> {
    const names = await readdir(t.deps.env.FILES_DIR, { recursive: true, withFileTypes: true })
    const found: string[] = []
    for (const entry of names) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      if ((await readFile(path, 'utf8')).includes(word)) found.push(entry.name)
    }
    return found
  }

  test('is theirs to take along', async () => {
    const { person, id } = await write()
    await desk.agent.forge.tickets.note({ id, body: 'What we think' })
    const all = await person.forge.users.exportData()
    expect(all.tickets).toMatchObject([{ id, subject: `About ${WORD}`, satisfactionComment: WORD }])
    expect(all.ticketMessages).toHaveLength(2)
    expect(all.ticketAttachments).toMatchObject([{ fileName: `${WORD}.log` }])
    expect(all.ticketDiagnostics).toHaveLength(1)
    expect(JSON.stringify(all)).not.toContain('What we think')
    await person.forge.users.deleteAccount({ password: person.password })
  })

  test('goes with the account: no word of it is left, in no table and no file; the ticket stays as a number', async () => {
    const { person, id } = await write()
    expect(await tablesWith(WORD)).not.toEqual([])
    expect(await filesWith(WORD)).not.toEqual([])
    await person.forge.users.deleteAccount({ password: person.password })
    expect(await t.drain()).toEqual([])
    expect(await tablesWith(WORD)).toEqual([])
    expect(await filesWith(WORD)).toEqual([])
    const seen = await desk.agent.forge.tickets.get({ id })
    expect(seen).toMatchObject({ subject: 'Erased', status: 'solved' })
    expect(seen.messages.map(({ body }) => body)).toEqual(['[erased]', 'An answer of ours'])
  })
})
