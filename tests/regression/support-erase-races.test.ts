import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailedToken } from '../auth/support.ts'
import { createTestApp, type TestApp } from '../support/app.ts'
import { type Desk, openDesk } from '../support/desk.ts'
import { type Person, signUp } from '../support/people.ts'

const WORD = 'glockenspiel'
const ROUNDS = 12

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

const outcomes = async (...all: Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(all)).map((one) =>
    one.status === 'fulfilled' ? 'ok' : String(one.reason.code ?? one.reason),
  )
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const aMatter = () => ({ subject: `About ${WORD}`, body: WORD, category: 'bug' as const })

/** Columns of people's words in which it still stands. */
async function left(): Promise<string[]> {
  const rows = await t.deps.sql<{ place: string }[]>`
    select 'subject' as place from tickets where subject like ${`%${WORD}%`}
    union all select 'comment' from tickets where satisfaction_comment like ${`%${WORD}%`}
    union all select 'body' from ticket_messages where body like ${`%${WORD}%`}
    union all select 'search' from ticket_search where document::text like ${`%${WORD}%`}`
  return rows.map(({ place }) => place)
}
const deadlocks = async (): Promise<number> => {
  const [row] = await t.deps.sql<{ deadlocks: number }[]>`
    select deadlocks::int from pg_stat_database where datname = current_database()`
  return row?.deadlocks ?? Number.NaN
}
/** What may become of words that come in the moment in which their account ends. */
const FATES = ['ok', 'AUTH_SESSION_ENDED', 'AUTH_REQUIRED', 'NOT_FOUND']

describe('an account that is deleted in the moment in which its person', () => {
  const leave = (person: Person) => person.forge.users.deleteAccount({ password: person.password })

  test('writes: no word of it stays', { timeout: 120_000 }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const person = await signUp(t)
      const { tickets } = person.forge
      const [open, solved, over] = [
        await tickets.create(aMatter()),
        await tickets.create(aMatter()),
        await tickets.create(aMatter()),
      ]
      await tickets.solve({ id: solved.id })
      await tickets.solve({ id: over.id })
      const { version } = await desk.admin.forge.tickets.get({ id: over.id })
      await desk.admin.forge.tickets.transition({ id: over.id, to: 'closed', version })
      const late = round % 4
      const done = await outcomes(
        leave(person),
        ...Array.from({ length: 4 }, (_, n) =>
          pause(late * 15 + n * 12).then(() => tickets.reply({ id: open.id, body: WORD })),
        ),
        ...Array.from({ length: 4 }, (_, n) =>
          pause(late * 15 + n * 12).then(() => tickets.create(aMatter())),
        ),
        pause(late * 15).then(() => tickets.rate({ id: solved.id, score: 1, comment: WORD })),
        pause(late * 20).then(() => tickets.reopen({ id: solved.id, body: WORD })),
        pause(late * 15 + 10).then(() => tickets.reply({ id: over.id, body: WORD })),
      )
      expect(done[0]).toBe('ok')
      expect(done.filter((one) => !FATES.includes(one) && one !== 'TICKET_NOT_SOLVED')).toEqual([])
      expect({ round, left: await left() }).toEqual({ round, left: [] })
    }
    expect(await deadlocks()).toBe(0)
  })
})

describe('an account that turns out to be another’s person', () => {
  test('in the moment in which it is written to: its tickets move, and nobody waits for each other', {
    timeout: 120_000,
  }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const holder = await signUp(t)
      await holder.forge.auth.verifyEmail({ token: await mailedToken(t, holder.email, 'verify-email') })
      const claimant = await signUp(t, { email: holder.email })
      const token = await mailedToken(t, holder.email, 'verify-email')
      const { id } = await claimant.forge.tickets.create({ ...aMatter(), subject: 'Help', body: 'Help' })
      const done = await outcomes(
        t.forge().auth.verifyEmail({ token }),
        ...Array.from({ length: 6 }, (_, n) =>
          pause(n * 4).then(() => claimant.forge.tickets.reply({ id, body: `more ${n}` })),
        ),
        ...Array.from({ length: 4 }, (_, n) =>
          pause(n * 6).then(() => desk.agent.forge.tickets.reply({ id, body: `answer ${n}` })),
        ),
      )
      expect(done[0]).toBe('ok')
      expect(done.filter((one) => !FATES.includes(one))).toEqual([])
      const own = await t.deps.sql`
        select 1 from tickets k join users u on u.id = k.requester_id where u.erased_at is not null and k.id = ${id}`
      expect(own).toHaveLength(0)
    }
    expect(await deadlocks()).toBe(0)
  })
})
