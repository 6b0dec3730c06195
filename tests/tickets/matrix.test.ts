import { isDevForgeError } from '@devforge/sdk'
import { type Mover, TRANSITIONS } from '@devforge/server/modules/support/transitions'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'
import { signUp } from '../support/people.ts'

const STATES = ['new', 'open', 'pending', 'on_hold', 'solved', 'closed'] as const
type State = (typeof STATES)[number]
const HOUR = 3_600_000

/**
 * Who can move a ticket from where (rows) to where (columns) by deciding so: C its customer, A agents, X admins alone. Written by hand
 * from the rules, and not made of the table in the code, so that a change of that table is seen here.
 */
const DECISIONS = `
            new  open  pending  on_hold  solved  closed
  new        -    -      A        A       CA       -
  open       -    -      A        A       CA       -
  pending    -    CA     -        -       CA       -
  on_hold    -    CA     -        -       CA       -
  solved     -    CA     -        -       -        X
  closed     -    -      -        -       -        -`

/** What else moves them: the cause, and who. */
const OTHERWISE = [
  'new → open: assignment by agent system',
  'new → open: reply by agent',
  'pending → open: reply by customer',
  'on_hold → open: reply by customer',
  'solved → open: reply by customer',
  'on_hold → open: hold_over by timer',
  'pending → solved: inactivity by timer',
  'solved → closed: age by timer',
  ...['new', 'open', 'pending', 'on_hold', 'solved'].map((from) => `${from} → closed: merge by agent`),
]

function decisions(): Map<string, string> {
  const [head = '', ...rows] = DECISIONS.trim().split('\n')
  const columns = head.trim().split(/\s+/)
  return new Map(
    rows.flatMap((row) => {
      const [from = '', ...cells] = row.trim().split(/\s+/)
      return cells.map((cell, i) => [`${from} → ${columns[i]}`, cell === '-' ? '' : cell] as const)
    }),
  )
}

const expected = decisions()

test('the table of the code says what the rules say', async () => {
  const told = new Map<string, string>()
  const letters = { customer: 'C', agent: 'A', admin: 'X' }
  for (const from of STATES) {
    for (const to of STATES) {
      const who = TRANSITIONS.filter(
        (t) => t.from.includes(from) && t.to === to && t.by === 'decision',
      ).flatMap((t) => t.who)
      told.set(
        `${from} → ${to}`,
        (['customer', 'agent', 'admin'] as const)
          .filter((one) => who.includes(one))
          .map((one) => letters[one])
          .join(''),
      )
    }
  }
  expect(told).toEqual(expected)
  const otherwise = TRANSITIONS.filter((t) => t.by !== 'decision').flatMap((t) =>
    t.from.map((from) => `${from} → ${t.to}: ${t.by} by ${t.who.toSorted().join(' ')}`),
  )
  expect(otherwise.toSorted()).toEqual(OTHERWISE.toSorted())
})

test('the documentation shows it', async () => {
  const rows = TRANSITIONS.map(
    (t) => `| ${t.from.join(', ')} | ${t.to} | ${t.who.join(', ')} | ${t.by} | ${t.rule} |`,
  )
  const page = [
    '# States of a ticket',
    '',
    'Made of `transitions.ts` by `pnpm vitest run tests/tickets/matrix.test.ts -u`; a test compares. Admins may do what agents do.',
    '',
    '| from | to | who | by | rule |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
  await expect(page).toMatchFileSnapshot('../../server/src/modules/support/STATES.md')
})

describe('states × roles × moves', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  /** A ticket that came to a state the way tickets do. */
  async function ticketIn(state: State) {
    const { customer, agent, admin } = desk
    const { id } = await customer.forge.tickets.create(aTicket())
    const version = async () => (await agent.forge.tickets.get({ id })).version
    if (state === 'open') await agent.forge.tickets.claim({ id })
    if (state === 'pending')
      await agent.forge.tickets.reply({ id, body: 'Which version?', status: 'pending' })
    if (state === 'on_hold') {
      const until = new Date(t.clock.now().getTime() + HOUR)
      await agent.forge.tickets.transition({
        id,
        to: 'on_hold',
        reason: 'A fix is coming',
        until,
        version: await version(),
      })
    }
    if (state === 'solved' || state === 'closed')
      await agent.forge.tickets.transition({ id, to: 'solved', version: await version() })
    if (state === 'closed')
      await admin.forge.tickets.transition({ id, to: 'closed', version: await version() })
    return agent.forge.tickets.get({ id })
  }

  /** Whatever that role has to bring a ticket there. */
  async function decide(
    who: 'customer' | 'agent' | 'admin',
    id: string,
    to: State,
    version: number,
  ): Promise<unknown> {
    if (who === 'customer') {
      const { tickets } = desk.customer.forge
      if (to === 'solved') return tickets.solve({ id })
      if (to === 'open') return tickets.reopen({ id })
      return tickets.transition({ id, to, version })
    }
    const until = new Date(t.clock.now().getTime() + HOUR)
    return desk[who].forge.tickets.transition({
      id,
      to,
      version,
      ...(to === 'on_hold' ? { reason: 'Waiting', until } : {}),
      ...(to === 'pending' ? { body: 'Your turn.' } : {}),
    })
  }

  // Nobody opens as many tickets as this does.
  beforeEach(async () => {
    desk.customer = await signUp(t)
  })

  for (const from of STATES) {
    for (const to of STATES) {
      const may = expected.get(`${from} → ${to}`) ?? ''
      test(`${from} → ${to}: ${may === '' ? 'nobody' : may}`, async () => {
        for (const who of ['customer', 'agent', 'admin'] as const satisfies Mover[]) {
          const allowed =
            who === 'customer' ? may.includes('C') : who === 'agent' ? may.includes('A') : /[AX]/.test(may)
          const before = await ticketIn(from)
          expect(before.status).toBe(from)
          expect(before.desk?.choices.includes(to)).toBe(may.includes('A'))
          const outcome = await decide(who, before.id, to, before.version).then(
            () => 'moved',
            (error: unknown) => (isDevForgeError(error) ? error.code : String(error)),
          )
          const after = await desk.agent.forge.tickets.get({ id: before.id })
          if (allowed) {
            expect(outcome, who).toBe('moved')
            expect(after.status, who).toBe(to)
            expect(after.version, who).toBe(before.version + 1)
          } else {
            expect(outcome, who).toBe(
              who === 'customer' && to !== 'solved' && to !== 'open'
                ? 'FORBIDDEN'
                : from === 'closed'
                  ? 'TICKET_CLOSED'
                  : 'TICKET_TRANSITION_INVALID',
            )
            expect({ status: after.status, version: after.version }, who).toEqual({
              status: from,
              version: before.version,
            })
          }
        }
      })
    }
  }
})
