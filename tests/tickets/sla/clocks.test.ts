import { createCalendar } from '@devforge/server/modules/support/sla/calendar'
import {
  advance,
  type Clock,
  type Metric,
  nextSteps,
  type Policy,
  readClocks,
  type SlaEvent,
  startClocks,
  type TicketStatus,
} from '@devforge/server/modules/support/sla/clocks'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const at = (iso: string) => Date.parse(iso)
const weekdays = Array.from({ length: 5 }, () => [{ from: 540, to: 1020 }])
const office = createCalendar({ timeZone: 'UTC', hours: [...weekdays, [], []], holidays: [] })
const always = createCalendar({
  timeZone: 'UTC',
  hours: Array.from({ length: 7 }, () => [{ from: 0, to: 1440 }]),
  holidays: [],
})

const NORMAL: Policy = {
  calendar: office,
  targets: { firstResponse: 4 * HOUR, nextResponse: 2 * HOUR, resolution: 16 * HOUR },
}
const URGENT: Policy = {
  calendar: office,
  targets: { firstResponse: HOUR, nextResponse: 30 * MINUTE, resolution: 4 * HOUR },
}
const ENTERPRISE: Policy = {
  calendar: always,
  targets: { firstResponse: 2 * HOUR, nextResponse: HOUR, resolution: 8 * HOUR },
}

/** A Wednesday, nine o'clock. */
const START = at('2026-11-25T09:00:00Z')

/** A ticket that lives through events; what follows counts from its creation. */
function ticket(policy = NORMAL, createdAt = START) {
  let state = startClocks(createdAt, policy)
  let status: TicketStatus = 'new'
  const happened = (event: SlaEvent, next = policy) => {
    policy = next
    state = advance(state, event, policy)
    return told
  }
  const told = {
    customer: (at: number) => happened({ type: 'customerMessage', at }),
    agent: (at: number, isAuto = false) => happened({ type: 'agentReply', at, isAuto }),
    to: (
      to: TicketStatus,
      at: number,
      by: 'customer' | 'agent' | 'system' = 'agent',
      answeredAt?: number,
    ) => {
      const from = status
      status = to
      return happened({ type: 'transition', at, from, to, by, ...(answeredAt ? { answeredAt } : {}) })
    },
    merged: (since: number, at: number) => happened({ type: 'customerMessage', at, since }),
    gone: (at: number, since: number | null) => happened({ type: 'withdrawn', at, since }),
    policy: (next: Policy, at: number) => happened({ type: 'look', at }, next),
    look: (at: number) => happened({ type: 'look', at }),
    steps: () => nextSteps(state, policy),
    state: () => state,
    read(metric: Metric, now: number): Clock {
      const clock = readClocks(state, policy, now).find((clock) => clock.metric === metric)
      if (!clock) throw new Error(`no clock of ${metric}`)
      return clock
    },
    has: (metric: Metric) => readClocks(state, policy, START).some((clock) => clock.metric === metric),
  }
  return told
}

describe('the first response', () => {
  test('is due after its time of business, from creation', () => {
    const friday = ticket(NORMAL, at('2026-11-27T15:00:00Z'))
    expect(friday.read('firstResponse', at('2026-11-30T09:30:00Z'))).toEqual({
      metric: 'firstResponse',
      cycle: 1,
      state: 'running',
      startedAt: at('2026-11-27T15:00:00Z'),
      endedAt: null,
      dueAt: at('2026-11-30T11:00:00Z'),
      usedMs: 2.5 * HOUR,
      remainingMs: 1.5 * HOUR,
    })
  })

  test('is met exactly at the deadline, and late a millisecond after it', () => {
    const due = START + 4 * HOUR
    expect(
      ticket()
        .agent(due)
        .read('firstResponse', due + DAY),
    ).toMatchObject({
      state: 'met',
      endedAt: due,
      usedMs: 4 * HOUR,
      remainingMs: 0,
    })
    expect(
      ticket()
        .agent(due + 1)
        .read('firstResponse', due + DAY),
    ).toMatchObject({ state: 'breached', endedAt: due + 1, dueAt: due, remainingMs: -1 })
    expect(ticket().read('firstResponse', due).state).toBe('running')
    expect(ticket().read('firstResponse', due + 1).state).toBe('breached')
  })

  test('is late after closing time, although no business time has passed since', () => {
    const due = at('2026-11-25T17:00:00Z')
    const late = ticket(NORMAL, at('2026-11-25T13:00:00Z')).agent(due + HOUR)
    expect(late.read('firstResponse', due + HOUR)).toMatchObject({ state: 'breached', dueAt: due })
  })

  test('is not given by an auto-reply', () => {
    const answered = ticket().agent(START + HOUR, true)
    expect(answered.read('firstResponse', START + 2 * HOUR)).toMatchObject({
      state: 'running',
      usedMs: 2 * HOUR,
    })
    expect(answered.agent(START + 3 * HOUR).read('firstResponse', START + DAY)).toMatchObject({
      state: 'met',
      endedAt: START + 3 * HOUR,
    })
  })

  test('never pauses: not pending, not on hold', () => {
    const paused = ticket()
      .to('pending', START + HOUR)
      .to('on_hold', START + 2 * HOUR)
    expect(paused.read('firstResponse', START + 3 * HOUR)).toMatchObject({
      state: 'running',
      dueAt: START + 4 * HOUR,
      usedMs: 3 * HOUR,
    })
  })

  test('waits for the same reply, whatever the customer adds meanwhile', () => {
    const impatient = ticket()
      .customer(START + HOUR)
      .customer(START + 2 * HOUR)
    expect(impatient.has('nextResponse')).toBe(false)
    impatient.agent(START + 3 * HOUR)
    expect(impatient.has('nextResponse')).toBe(false)
    expect(impatient.read('firstResponse', START + DAY).state).toBe('met')
  })

  test('is no longer owed once the customer solved it alone', () => {
    const solved = ticket().to('solved', START + HOUR, 'customer')
    expect(solved.read('firstResponse', START + 9 * DAY)).toMatchObject({
      state: 'cancelled',
      endedAt: START + HOUR,
    })
    expect(solved.look(START + 9 * DAY).steps()).toEqual([])
  })
})

describe('the next response', () => {
  const answered = () => ticket().agent(START + HOUR)

  test('counts from the oldest message of three', () => {
    const thrice = answered()
      .customer(START + 2 * HOUR)
      .customer(START + 3 * HOUR)
      .customer(START + 3.5 * HOUR)
    expect(thrice.read('nextResponse', START + 3.5 * HOUR)).toMatchObject({
      cycle: 1,
      state: 'running',
      startedAt: START + 2 * HOUR,
      dueAt: START + 4 * HOUR,
      usedMs: 1.5 * HOUR,
    })
    expect(thrice.agent(START + 4 * HOUR).read('nextResponse', START + DAY)).toMatchObject({ state: 'met' })
  })

  test('is a cycle of its own each time', () => {
    const talk = answered()
      .customer(START + 2 * HOUR)
      .agent(START + 3 * HOUR)
      .customer(START + 5 * HOUR)
    expect(talk.read('nextResponse', START + 5 * HOUR)).toMatchObject({
      cycle: 2,
      startedAt: START + 5 * HOUR,
    })
  })

  test('is not owed after a reply, nor given by an auto-reply', () => {
    const talk = answered().agent(START + 2 * HOUR)
    expect(talk.has('nextResponse')).toBe(false)
    talk.customer(START + 3 * HOUR).agent(START + 4 * HOUR, true)
    expect(talk.read('nextResponse', START + 4 * HOUR)).toMatchObject({ state: 'running', usedMs: HOUR })
  })

  test('goes on on hold', () => {
    const held = answered()
      .customer(START + 2 * HOUR)
      .to('on_hold', START + 2.5 * HOUR)
    expect(held.read('nextResponse', START + 3 * HOUR)).toMatchObject({ state: 'running', usedMs: HOUR })
  })

  test('is late by the message that waited first, also when a merge brought it', () => {
    const merged = answered()
      .customer(START + 4 * HOUR)
      .merged(START + 2 * HOUR, START + 4.5 * HOUR)
    expect(merged.read('nextResponse', START + 4.5 * HOUR)).toMatchObject({
      cycle: 1,
      state: 'breached',
      startedAt: START + 2 * HOUR,
    })
    // The undo takes it back: what waits is the ticket's own question again, or nothing.
    merged.gone(START + 5 * HOUR, START + 4 * HOUR)
    expect(merged.read('nextResponse', START + 5 * HOUR)).toMatchObject({
      cycle: 2,
      state: 'running',
      startedAt: START + 4 * HOUR,
    })
    merged.gone(START + 5 * HOUR, null)
    expect(merged.read('nextResponse', START + 6 * HOUR).state).toBe('cancelled')
    const later = answered()
      .customer(START + 2 * HOUR)
      .merged(START + 2.5 * HOUR, START + 3 * HOUR)
    expect(later.read('nextResponse', START + 3 * HOUR).startedAt).toBe(START + 2 * HOUR)
    const first = answered().merged(START + 1.5 * HOUR, START + 2 * HOUR)
    expect(first.read('nextResponse', START + 2 * HOUR)).toMatchObject({ startedAt: START + 1.5 * HOUR })
  })

  test('is cancelled by solving without an answer, and owed again from a reopening', () => {
    const solved = answered()
      .customer(START + 2 * HOUR)
      .to('solved', START + 3 * HOUR)
    expect(solved.read('nextResponse', START + DAY)).toMatchObject({ cycle: 1, state: 'cancelled' })
    solved.to('open', START + 5 * HOUR, 'agent')
    expect(solved.read('nextResponse', START + 5 * HOUR)).toMatchObject({
      cycle: 2,
      startedAt: START + 5 * HOUR,
    })
  })

  test('is owed from a reopening by the customer, but not from one by an agent who had answered', () => {
    const byCustomer = answered()
      .to('solved', START + 2 * HOUR)
      .to('open', START + 3 * HOUR, 'customer')
    expect(byCustomer.read('nextResponse', START + 3 * HOUR)).toMatchObject({ startedAt: START + 3 * HOUR })
    const byAgent = answered()
      .to('solved', START + 2 * HOUR)
      .to('open', START + 3 * HOUR, 'agent')
    expect(byAgent.has('nextResponse')).toBe(false)
  })

  test('is not owed for taking a pending ticket back without a word', () => {
    const back = answered()
      .to('pending', START + HOUR)
      .to('open', START + 2 * HOUR, 'customer')
    expect(back.has('nextResponse')).toBe(false)
  })

  test('is owed from the message that reopens, once', () => {
    const reopened = answered()
      .to('solved', START + 2 * HOUR)
      .customer(START + 3 * HOUR)
      .to('open', START + 3 * HOUR, 'customer')
    expect(reopened.read('nextResponse', START + 3 * HOUR)).toMatchObject({
      cycle: 1,
      startedAt: START + 3 * HOUR,
    })
  })

  test('is what a ticket owes that was solved before anybody answered, and came back', () => {
    const misread = ticket()
      .to('solved', START + HOUR)
      .to('open', START + 5 * HOUR, 'system')
    expect(misread.read('firstResponse', START + 5 * HOUR).state).toBe('cancelled')
    expect(misread.read('nextResponse', START + 5 * HOUR)).toMatchObject({ state: 'running', cycle: 1 })
  })
})

describe('the resolution', () => {
  test('pauses while pending: Friday 16:59 to Monday 09:01 costs nothing, and around it business minutes only', () => {
    const weekend = ticket(NORMAL, at('2026-11-27T16:00:00Z')).to('pending', at('2026-11-27T16:59:00Z'))
    expect(weekend.read('resolution', at('2026-11-28T12:00:00Z'))).toMatchObject({
      state: 'paused',
      dueAt: null,
      usedMs: 59 * MINUTE,
      remainingMs: 16 * HOUR - 59 * MINUTE,
    })
    weekend.to('open', at('2026-11-30T09:01:00Z'), 'customer')
    expect(weekend.read('resolution', at('2026-11-30T09:11:00Z'))).toMatchObject({
      state: 'running',
      usedMs: 69 * MINUTE,
      // 15:01 are left: until 17:00 on Monday, and 7:02 of Tuesday.
      dueAt: at('2026-12-01T16:02:00Z'),
    })
  })

  test('without the pause, Friday 16:59 to Monday 09:01 costs two minutes', () => {
    const open = ticket(NORMAL, at('2026-11-27T16:59:00Z'))
    expect(open.read('resolution', at('2026-11-30T09:01:00Z')).usedMs).toBe(2 * MINUTE)
  })

  test('goes on while on hold, and when pending becomes on hold', () => {
    const held = ticket()
      .to('on_hold', START + HOUR)
      .to('pending', START + 2 * HOUR)
      .to('on_hold', START + 4 * HOUR)
    expect(held.read('resolution', START + 5 * HOUR)).toMatchObject({ state: 'running', usedMs: 3 * HOUR })
  })

  test('stops at solved and resumes with the time used when reopened', () => {
    const reopened = ticket()
      .to('open', START)
      .to('solved', START + 3 * HOUR)
    expect(reopened.read('resolution', START + 9 * DAY)).toMatchObject({
      state: 'met',
      endedAt: START + 3 * HOUR,
      usedMs: 3 * HOUR,
    })
    const again = START + 7 * DAY
    reopened.to('open', again, 'customer')
    expect(reopened.read('resolution', again + HOUR)).toMatchObject({
      state: 'running',
      cycle: 1,
      startedAt: START,
      endedAt: null,
      usedMs: 4 * HOUR,
      // 13 hours are left at nine of a Wednesday.
      dueAt: again + DAY + 5 * HOUR,
    })
  })

  test('stays met when it closes, and is cancelled by a merge', () => {
    const closed = ticket()
      .to('solved', START + HOUR)
      .to('closed', START + 15 * DAY, 'system')
    expect(closed.read('resolution', START + 15 * DAY)).toMatchObject({ state: 'met', endedAt: START + HOUR })
    const merged = ticket().to('closed', START + HOUR)
    expect(merged.read('resolution', START + DAY).state).toBe('cancelled')
    expect(merged.read('firstResponse', START + DAY).state).toBe('cancelled')
    expect(merged.look(START + 9 * DAY).read('resolution', START + 9 * DAY).state).toBe('cancelled')
  })

  test('goes on when a merge is undone, as if it had never been', () => {
    const back = ticket()
      .agent(START + HOUR)
      .customer(START + 2 * HOUR)
      .to('closed', START + 2 * HOUR)
      .to('open', START + 3 * HOUR)
    expect(back.read('resolution', START + 6 * HOUR)).toMatchObject({ state: 'running', usedMs: 6 * HOUR })
    expect(back.read('nextResponse', START + 3 * HOUR)).toMatchObject({
      state: 'running',
      cycle: 1,
      startedAt: START + 2 * HOUR,
    })
    const unanswered = ticket()
      .to('closed', START + 2 * HOUR)
      .to('new', START + 3 * HOUR)
    expect(unanswered.read('firstResponse', START + 3 * HOUR)).toMatchObject({
      state: 'running',
      usedMs: 3 * HOUR,
    })
    // Answered in time where it had been merged into, although it is undone long after.
    const inTime = ticket()
      .to('closed', START + HOUR)
      .to('open', START + DAY, 'agent', START + 2 * HOUR)
    expect(inTime.read('firstResponse', START + DAY)).toMatchObject({
      state: 'met',
      endedAt: START + 2 * HOUR,
    })
    const late = ticket()
      .to('closed', START + HOUR)
      .to('open', START + DAY, 'agent', START + 5 * HOUR)
    expect(late.read('firstResponse', START + DAY)).toMatchObject({
      state: 'breached',
      endedAt: START + 5 * HOUR,
    })
    const paused = ticket()
      .agent(START + HOUR)
      .to('pending', START + HOUR)
      .to('closed', START + 2 * HOUR)
      .to('pending', START + 5 * HOUR)
    expect(paused.read('resolution', START + 6 * HOUR)).toMatchObject({ state: 'paused', usedMs: HOUR })
    expect(paused.read('firstResponse', START + 6 * HOUR).state).toBe('met')
    paused.to('open', START + 6 * HOUR)
    expect(paused.read('resolution', START + 7 * HOUR)).toMatchObject({ state: 'running', usedMs: 2 * HOUR })
  })

  test('paused exactly at the deadline is in time, and late a millisecond after it goes on', () => {
    const due = START + DAY + 8 * HOUR
    const edge = ticket().to('pending', due)
    expect(edge.read('resolution', due + DAY)).toMatchObject({ state: 'paused', dueAt: null, remainingMs: 0 })
    const resumed = due + 2 * DAY
    edge.to('open', resumed, 'customer')
    expect(edge.read('resolution', resumed)).toMatchObject({ state: 'running', dueAt: resumed })
    expect(edge.read('resolution', resumed + 1).state).toBe('breached')
  })

  test('set pending after the deadline is late, although the pause came in the same business minute', () => {
    const due = START + DAY + 8 * HOUR
    const late = ticket().to('pending', due + 1)
    expect(late.read('resolution', due + DAY)).toMatchObject({ state: 'breached', dueAt: due })
  })
})

describe('another priority or plan', () => {
  test('counts from the original start', () => {
    const raised = ticket().policy(URGENT, START + 30 * MINUTE)
    expect(raised.read('firstResponse', START + 30 * MINUTE)).toMatchObject({
      state: 'running',
      dueAt: START + HOUR,
      usedMs: 30 * MINUTE,
    })
  })

  test('may break the promise at once', () => {
    const raised = ticket().policy(URGENT, START + 2 * HOUR)
    expect(raised.read('firstResponse', START + 2 * HOUR)).toMatchObject({
      state: 'breached',
      dueAt: START + HOUR,
    })
    expect(raised.steps().map(({ metric }) => metric)).not.toContain('firstResponse')
  })

  test('finds the time used of runs that are over', () => {
    const raised = ticket()
      .to('pending', START + 6 * HOUR)
      .policy(URGENT, START + 7 * HOUR)
    expect(raised.read('resolution', START + 7 * HOUR)).toMatchObject({
      state: 'breached',
      dueAt: START + 4 * HOUR,
    })
  })

  test('an upgrade of the plan counts around the clock from the start', () => {
    const evening = at('2026-11-25T16:30:00Z')
    const upgraded = ticket(NORMAL, evening).policy(ENTERPRISE, evening + HOUR)
    expect(upgraded.read('firstResponse', evening + HOUR)).toMatchObject({
      dueAt: evening + 2 * HOUR,
      usedMs: HOUR,
      remainingMs: HOUR,
    })
  })

  test('leaves breaches of the past, also those that no sweep has seen', () => {
    const lowered = ticket(URGENT).policy(NORMAL, START + 2 * HOUR)
    expect(lowered.read('firstResponse', START + 2 * HOUR)).toMatchObject({
      state: 'breached',
      dueAt: START + HOUR,
    })
    lowered.agent(START + 3 * HOUR)
    expect(lowered.read('firstResponse', START + DAY).state).toBe('breached')
  })

  test('does not judge anew what has ended', () => {
    const kept = ticket()
      .agent(START + 3 * HOUR)
      .policy(URGENT, START + 3.5 * HOUR)
    expect(kept.read('firstResponse', START + DAY).state).toBe('met')
  })

  test('promises nothing where there is nothing to promise, and can take a promise away', () => {
    const none: Policy = {
      calendar: office,
      targets: { firstResponse: null, nextResponse: null, resolution: null },
    }
    const free = ticket(none)
    expect(free.read('resolution', START + 99 * DAY)).toMatchObject({
      state: 'none',
      dueAt: null,
      remainingMs: null,
    })
    expect(free.steps()).toEqual([])
    expect(
      ticket()
        .policy(none, START + HOUR)
        .read('firstResponse', START + DAY).state,
    ).toBe('none')
    expect(
      ticket()
        .policy(none, START + 5 * HOUR)
        .read('firstResponse', START + DAY).state,
    ).toBe('breached')
  })
})

describe('what is to be done next', () => {
  test('a warning at four fifths of the time, then the breach a millisecond late', () => {
    const fresh = ticket()
    expect(fresh.steps()).toEqual([
      { metric: 'firstResponse', kind: 'warn', at: START + 0.8 * 4 * HOUR },
      { metric: 'resolution', kind: 'warn', at: START + DAY + 4.8 * HOUR },
    ])
    const { firstResponse, ...rest } = fresh.state()
    const warned = { ...rest, firstResponse: { ...firstResponse, warned: true } }
    expect(nextSteps(warned, NORMAL)[0]).toEqual({
      metric: 'firstResponse',
      kind: 'breach',
      at: START + 4 * HOUR + 1,
    })
  })

  test('nothing for what is paused, ended or broken', () => {
    const quiet = ticket()
      .agent(START + HOUR)
      .to('pending', START + HOUR)
    expect(quiet.steps()).toEqual([])
    expect(
      ticket()
        .look(START + 5 * HOUR)
        .steps()
        .map(({ metric }) => metric),
    ).toEqual(['resolution'])
  })
})

const transitions = fc.constantFrom<TicketStatus>('open', 'pending', 'on_hold', 'solved', 'closed')
const happening = fc.record({
  after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20 * HOUR })),
  what: fc.oneof(
    fc.constant('customer' as const),
    fc.constant('agent' as const),
    fc.constant('look' as const),
    transitions,
  ),
  by: fc.constantFrom('customer' as const, 'agent' as const, 'system' as const),
  policy: fc.constantFrom(NORMAL, NORMAL, NORMAL, URGENT, ENTERPRISE),
})

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

function live(story: Happening[], looks: number[]) {
  let time = START
  let policy = NORMAL
  let status: TicketStatus = 'new'
  let state = startClocks(START, policy)
  const breaches = new Set<string>()
  const see = () => {
    for (const clock of readClocks(state, policy, time)) {
      if (clock.state === 'breached') breaches.add(`${clock.metric} ${clock.cycle} ${clock.dueAt}`)
    }
  }
  for (const { after, what, by, policy: next } of story) {
    const until = time + after
    for (const at of looks.map((look) => START + look)) {
      if (at > time && at <= until) state = advance(state, { type: 'look', at }, policy)
    }
    time = until
    if (what === 'look') policy = next
    const event: SlaEvent =
      what === 'look'
        ? { type: 'look', at: time }
        : what === 'customer'
          ? { type: 'customerMessage', at: time }
          : what === 'agent'
            ? { type: 'agentReply', at: time }
            : { type: 'transition', at: time, from: status, to: what, by }
    if (event.type === 'transition') status = event.to
    state = advance(state, event, policy)
    see()
  }
  return { clocks: readClocks(state, policy, time), state, breaches, time, policy }
}

describe('whatever happens', () => {
  const story = fc.array(happening, { maxLength: 25 })
  const looks = fc
    .array(fc.integer({ min: 1, max: 300 * HOUR }), { maxLength: 20 })
    .map((looks) => looks.toSorted((a, b) => a - b))

  test('it makes no difference when, how often, or whether the sweep looked', () => {
    fc.assert(
      fc.property(story, looks, (story, looks) => {
        const seen = live(story, looks)
        const unseen = live(story, [])
        expect(seen.clocks).toEqual(unseen.clocks)
        expect(seen.breaches).toEqual(unseen.breaches)
      }),
      { numRuns: 1000 },
    )
  })

  test('a promise is broken once at most, by one deadline', () => {
    fc.assert(
      fc.property(story, (story) => {
        const cycles = [...live(story, []).breaches].map((breach) => breach.split(' ').slice(0, 2).join(' '))
        expect(new Set(cycles).size).toBe(cycles.length)
      }),
      { numRuns: 1000 },
    )
  })

  test('what is kept survives being written down, and what runs has a deadline where one is promised', () => {
    fc.assert(
      fc.property(story, (story) => {
        const { state, policy, time, clocks } = live(story, [])
        expect(readClocks(JSON.parse(JSON.stringify(state)), policy, time)).toEqual(clocks)
        for (const clock of clocks) {
          if (clock.state === 'running') expect(clock.dueAt).toBeGreaterThanOrEqual(time)
          if (clock.state === 'paused') expect(clock.dueAt).toBeNull()
        }
      }),
      { numRuns: 1000 },
    )
  })
})

test('the clocks of a page of 50 tickets are read in less than a millisecond', () => {
  const page = Array.from({ length: 50 }, (_, index) =>
    ticket(NORMAL, START + index * 7 * MINUTE)
      .agent(START + DAY)
      .to('pending', START + DAY)
      .customer(START + 40 * DAY + index * MINUTE)
      .to('open', START + 40 * DAY + index * MINUTE, 'customer')
      .state(),
  )
  const rounds = Array.from({ length: 200 }, () => {
    const start = performance.now()
    let clocks = 0
    for (const state of page) clocks += readClocks(state, NORMAL, START + 41 * DAY).length
    expect(clocks).toBe(150)
    return performance.now() - start
  }).toSorted((a, b) => a - b)
  expect(rounds[20]).toBeLessThan(1)
})
