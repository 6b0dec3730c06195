import {
  canMove,
  type DisputeStatus,
  isFinal,
  isLiveRefund,
  isOpenDispute,
  knownState,
  type Machine,
  moneyOf,
  type RefundStatus,
  transitions,
} from '@devforge/server/modules/payments/states'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const machines = Object.keys(transitions) as Machine[]
const statesOf = (machine: Machine): string[] => Object.keys(transitions[machine])

describe('transitions', () => {
  test.each(machines)('%s: every target is a state, and staying is allowed', (machine) => {
    const states = statesOf(machine)
    for (const [from, targets] of Object.entries<readonly string[]>(transitions[machine])) {
      for (const target of targets) expect(states).toContain(target)
      expect(canMove(machine, from as never, from as never)).toBe(true)
    }
  })

  test('what is final stays: nothing leads out of these', () => {
    const finals = Object.fromEntries(
      machines.map((machine) => [
        machine,
        statesOf(machine).filter((state) => isFinal(machine, state as never)),
      ]),
    )
    expect(finals).toEqual({
      checkout: ['complete'],
      payment: [],
      refund: ['failed', 'canceled'],
      subscription: ['canceled', 'incomplete_expired'],
      invoice: ['paid', 'void'],
      dispute: ['warning_closed', 'prevented', 'won'],
    })
  })

  test('a payment that succeeded never becomes failed or processing again', () => {
    for (const from of ['succeeded', 'partially_refunded', 'refunded', 'disputed'] as const) {
      expect(canMove('payment', from, 'failed')).toBe(false)
      expect(canMove('payment', from, 'processing')).toBe(false)
    }
  })

  test('a status of a later API version is refused instead of written', () => {
    expect(() => knownState('subscription', 'hibernating')).toThrow(/unknown subscription status/)
    expect(() => knownState('refund', null)).toThrow(/unknown refund status/)
    expect(() => knownState('dispute', 'toString')).toThrow(/unknown dispute status/)
  })
})

const refund = fc.record({
  status: fc.constantFrom<RefundStatus>('pending', 'requires_action', 'succeeded', 'failed', 'canceled'),
  amountMinor: fc.integer({ min: 1, max: 1_000 }),
})
const dispute = fc.record({
  status: fc.constantFrom<DisputeStatus>(...(Object.keys(transitions.dispute) as DisputeStatus[])),
})

describe('the state of a payment', () => {
  const paid = { intentStatus: 'succeeded', amountMinor: 1_000, hasFailed: false, refunds: [], disputes: [] }

  test('follows refunds: partial, full at the last cent, and back when one fails', () => {
    const thirty = { status: 'succeeded' as const, amountMinor: 300 }
    const seventy = { status: 'pending' as const, amountMinor: 700 }
    expect(moneyOf(paid)).toMatchObject({ status: 'succeeded', refundedMinor: 0, claim: 'granted' })
    expect(moneyOf({ ...paid, refunds: [thirty] })).toMatchObject({
      status: 'partially_refunded',
      refundedMinor: 300,
      claim: 'granted',
    })
    expect(moneyOf({ ...paid, refunds: [thirty, seventy] })).toMatchObject({
      status: 'refunded',
      refundedMinor: 1_000,
      claim: 'refunded',
    })
    expect(moneyOf({ ...paid, refunds: [thirty, { ...seventy, status: 'failed' }] })).toMatchObject({
      status: 'partially_refunded',
      claim: 'granted',
    })
  })

  test('an inquiry or a won dispute takes nothing, an open one suspends, a lost one is final', () => {
    const claim = (status: DisputeStatus) => moneyOf({ ...paid, disputes: [{ status }] })?.claim
    expect(claim('warning_needs_response')).toBe('granted')
    expect(claim('warning_closed')).toBe('granted')
    expect(claim('won')).toBe('granted')
    expect(claim('needs_response')).toBe('disputed')
    expect(claim('under_review')).toBe('disputed')
    expect(claim('lost')).toBe('dispute_lost')
  })

  test('nothing is written before anybody has tried to pay', () => {
    expect(moneyOf({ ...paid, intentStatus: 'requires_payment_method' })).toBeNull()
    expect(moneyOf({ ...paid, intentStatus: 'requires_payment_method', hasFailed: true })?.status).toBe(
      'failed',
    )
  })

  test('refunds never exceed the amount, and only whole money grants', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.array(refund, { maxLength: 5 }),
        fc.array(dispute, { maxLength: 3 }),
        (amountMinor, refunds, disputes) => {
          const money = moneyOf({ ...paid, amountMinor, refunds, disputes })
          if (!money) throw new Error('paid, so there is a state')
          expect(money.refundedMinor).toBeGreaterThanOrEqual(0)
          expect(money.refundedMinor).toBeLessThanOrEqual(amountMinor)
          const taken = refunds
            .filter(({ status }) => isLiveRefund(status))
            .reduce((sum, { amountMinor: part }) => sum + part, 0)
          const atBank = disputes.some(({ status }) => status === 'lost' || isOpenDispute(status))
          expect(money.claim === 'granted').toBe(taken < amountMinor && !atBank)
        },
      ),
    )
  })
})
