import type { TicketStatus } from '@devforge/server/modules/support/sla/clocks'
import { eventsBetween, type Facts, lifeOf } from '@devforge/server/modules/support/sla/events'
import { describe, expect, test } from 'vitest'

const T = (minutes: number) => new Date(Date.UTC(2026, 10, 25, 9, minutes))
const fresh: Facts = {
  status: 'open',
  statusChangedAt: T(0),
  firstResponseAt: null,
  lastAgentMessageAt: null,
  waitingSince: T(0),
}
const answered: Facts = { ...fresh, firstResponseAt: T(1), lastAgentMessageAt: T(1), waitingSince: null }

/** What a merge, a split or their undo moves. */
const MOVED = { answered: false }

const minutes = (at: number): number => (at - T(0).getTime()) / 60_000

/** What happened, in words. */
const between = (before: Facts, after: Partial<Facts>, how: { by?: 'customer'; answered?: boolean } = {}) =>
  eventsBetween(before, { ...before, ...after }, { now: T(30), by: 'agent', ...how }).map((event) => {
    switch (event.type) {
      case 'transition':
        return `${event.from} → ${event.to}${event.answeredAt === undefined ? '' : `, answered ${minutes(event.answeredAt)}`}`
      case 'customerMessage':
        return `waits since ${minutes(event.since ?? 0)}`
      default:
        return event.type
    }
  })

describe('what a change of a ticket’s row means for its clocks', () => {
  test('an answer, a question, and neither', () => {
    expect(between(fresh, { firstResponseAt: T(30), lastAgentMessageAt: T(30), waitingSince: null })).toEqual(
      ['agentReply'],
    )
    expect(between(answered, { lastAgentMessageAt: T(30) })).toEqual(['agentReply'])
    expect(between(answered, { waitingSince: T(30) })).toEqual(['waits since 30'])
    expect(between(fresh, {})).toEqual([])
    expect(between(answered, {})).toEqual([])
  })

  test('a ticket is opened before somebody writes, and solved after', () => {
    const solved: Facts = { ...answered, status: 'solved' }
    expect(between(solved, { status: 'open', waitingSince: T(30) }, { by: 'customer' })).toEqual([
      'solved → open',
      'waits since 30',
    ])
    const words = { firstResponseAt: T(30), lastAgentMessageAt: T(30), waitingSince: null }
    expect(between(fresh, { status: 'solved', ...words })).toEqual(['agentReply', 'open → solved'])
    expect(between(fresh, { status: 'pending', ...words })).toEqual(['open → pending', 'agentReply'])
    expect(between(fresh, { status: 'solved', waitingSince: null })).toEqual(['open → solved'])
  })

  test('a merge brings an older question; answers that come along are none, nor do they take back one', () => {
    expect(between(answered, { waitingSince: T(-5) })).toEqual(['waits since -5'])
    expect(
      between({ ...fresh, waitingSince: T(9) }, { waitingSince: T(5), lastAgentMessageAt: T(2) }, MOVED),
    ).toEqual(['waits since 5'])
    expect(between(fresh, { lastAgentMessageAt: T(2) }, MOVED)).toEqual([])
  })

  test('the undo of a merge takes its question back, unless it was answered', () => {
    const took: Facts = { ...answered, waitingSince: T(-5) }
    expect(between(took, { waitingSince: T(7) }, MOVED)).toEqual(['withdrawn'])
    expect(between(took, { waitingSince: null }, MOVED)).toEqual(['withdrawn'])
    expect(between(took, { waitingSince: null, lastAgentMessageAt: T(0) }, MOVED)).toEqual(['withdrawn'])
    const merged: Facts = { ...fresh, status: 'closed', waitingSince: null }
    expect(between(merged, { status: 'open', waitingSince: T(0) })).toEqual([
      'closed → open',
      'waits since 0',
    ])
    expect(between(merged, { status: 'open', firstResponseAt: T(20) })).toEqual([
      'closed → open, answered 20',
    ])
    const later: Facts = { ...answered, status: 'closed', statusChangedAt: T(15) }
    expect(between(later, { status: 'open' })).toEqual(['closed → open, answered 15'])
  })

  test('a row without clocks tells its life in order', () => {
    const life = lifeOf({
      ...answered,
      status: 'pending' as TicketStatus,
      statusChangedAt: T(2),
      waitingSince: T(8),
    })
    expect(life.map(({ type, at }) => [type, minutes(at)])).toEqual([
      ['agentReply', 1],
      ['transition', 2],
      ['customerMessage', 8],
    ])
    expect(lifeOf({ ...fresh, status: 'new', waitingSince: null })).toEqual([])
  })
})
