import { type Choosing, choose, turnAt } from '@devforge/server/modules/support/service/assignment/choose'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const NOW = new Date('2026-11-25T12:00:00Z')
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000)
const agent = (id: string, more: Partial<Parameters<typeof choose>[0][number]> = {}) => ({
  id,
  skills: [],
  capacity: 10,
  load: 0,
  lastAssignedAt: null,
  ...more,
})

describe('who gets a ticket', () => {
  test('in turn: whoever got nothing for the longest time, and first of all who never did', () => {
    const a = agent('a', { lastAssignedAt: minutesAgo(1) })
    const b = agent('b', { lastAssignedAt: minutesAgo(9), load: 9 })
    expect(choose([a, b], 'round_robin')?.id).toBe('b')
    expect(choose([a, b, agent('c')], 'round_robin')?.id).toBe('c')
  })

  test('least loaded: by the share of what one can take, then in turn', () => {
    const whole = agent('whole', { load: 3, capacity: 10 })
    const half = agent('half', { load: 2, capacity: 5 })
    expect(choose([half, whole], 'least_loaded')?.id).toBe('whole')
    const early = agent('z', { lastAssignedAt: minutesAgo(9) })
    expect(choose([agent('a', { lastAssignedAt: minutesAgo(1) }), early], 'least_loaded')?.id).toBe('z')
  })

  test('by skill: of those who are equally busy, who can do little else', () => {
    const skills = ['billing']
    const expert = agent('a', { skills: ['billing', 'linux', 'german'] })
    const clerk = agent('b', { skills: ['billing'] })
    expect(choose([expert, clerk], 'skill', skills)?.id).toBe('b')
    expect(choose([expert, { ...clerk, load: 1 }], 'skill', skills)?.id).toBe('a')
  })

  test('whatever the way: never without room or skills, and the same for the same', () => {
    const agents = fc.uniqueArray(
      fc.record({
        id: fc.string({ minLength: 1, maxLength: 3 }),
        skills: fc.subarray(['x', 'y', 'z']),
        capacity: fc.nat(4),
        load: fc.nat(5),
        lastAssignedAt: fc.option(fc.date({ noInvalidDate: true }), { nil: null }),
      }),
      { selector: ({ id }) => id, maxLength: 8 },
    )
    const mode = fc.constantFrom<Choosing>('round_robin', 'least_loaded', 'skill')
    fc.assert(
      fc.property(agents, mode, fc.subarray(['x', 'y', 'z']), (agents, mode, skills) => {
        const able = agents.filter(
          ({ load, capacity, ...agent }) =>
            load < capacity && skills.every((skill) => agent.skills.includes(skill)),
        )
        const chosen = choose(agents, mode, skills)
        expect(chosen === undefined).toBe(able.length === 0)
        if (chosen) expect(able).toContainEqual(chosen)
        expect(choose(agents.toReversed(), mode, skills)).toEqual(chosen)
      }),
    )
  })

  test('thirty in turn within one millisecond are ten for each of three', () => {
    let agents = [agent('a', { capacity: 99 }), agent('b', { capacity: 99 }), agent('c', { capacity: 99 })]
    const order: string[] = []
    for (let n = 0; n < 30; n++) {
      const chosen = choose(agents, 'round_robin')
      order.push(chosen?.id ?? '')
      const lastAssignedAt = turnAt(agents, NOW)
      agents = agents.map((one) => (one === chosen ? { ...one, lastAssignedAt } : one))
    }
    expect(order.join('')).toBe('abc'.repeat(10))
  })
})
