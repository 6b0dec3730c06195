import { z } from 'zod'
import { bounded, numbers, previous, range, reported } from './range.ts'

// The lines of each report; what the series, the totals and the columns of a file are made of.

export const USAGE = ['events', 'clients'] as const
export const OVERVIEW = [
  'newUsers',
  'licensesIssued',
  'trials',
  'activations',
  'installs',
  'downloads',
  'published',
  'ticketsCreated',
  'ticketsSolved',
] as const
export const MONEY = [
  'payments',
  'grossMinor',
  'newMinor',
  'renewalMinor',
  'extensionMinor',
  'refundedMinor',
  'disputedMinor',
  'netMinor',
  'feeMinor',
  'publishersMinor',
] as const
export const SUBSCRIPTIONS = ['started', 'ended', 'active'] as const
export const LICENSES = [
  'issued',
  'trials',
  'renewed',
  'expired',
  'revoked',
  'activations',
  'deactivations',
] as const
export const MARKETPLACE = [
  'downloads',
  'installs',
  'updates',
  'uninstalls',
  'uniqueInstalls',
  'submitted',
  'held',
  'published',
  'rejected',
] as const
export const SUPPORT = [
  'created',
  'solved',
  'reopened',
  'closed',
  'breached',
  'ratings',
  'deflected',
] as const
/** Not closed and not solved. */
export const BACKLOG = ['new', 'open', 'pending', 'on_hold'] as const

const series = <K extends string>(names: readonly K[]) =>
  z.array(z.object({ day: z.string(), ...numbers(names) }))
const spread = z.object({
  count: z.number(),
  medianMinutes: z.number().nullable(),
  p90Minutes: z.number().nullable(),
})
const share = z.object({
  value: z.string(),
  events: z.number(),
  /** Different clients on the day that had the most. */
  clients: z.number(),
})

const overviewTotals = z.object(numbers(OVERVIEW))
export const overviewOutput = z
  .object({
    ...reported,
    series: series(OVERVIEW),
    totals: overviewTotals,
    previous: previous(overviewTotals),
    /** Net revenue; currencies are never added up. */
    revenue: z.array(z.object({ currency: z.string(), netMinor: z.number(), previousNetMinor: z.number() })),
    /** What editors told, with their users' consent. */
    usage: z.object({
      asOf: z.date().nullable(),
      series: series(USAGE),
      events: z.number(),
      previousEvents: z.number(),
      names: z.array(share.omit({ value: true }).extend({ name: z.string() })),
      platforms: z.array(share),
      appVersions: z.array(share),
      locales: z.array(share),
    }),
  })
  .meta({ id: 'AnalyticsOverview' })

const money = z.object(numbers(MONEY))
const subscriptionTotals = z.object({
  started: z.number(),
  ended: z.number(),
  activeAtStart: z.number(),
  activeAtEnd: z.number(),
  /** Ended, of those that ran at the beginning: 0 to 1; null when none did. */
  churnRate: z.number().nullable(),
})
/**
 * Gross: paid, taxes included, on the day of the payment. Refunded: on its way back or there, on the day of the refund. Disputed: held by
 * banks or lost, on the day of the dispute. Net = gross - refunded - disputed. New + renewal + extension = gross. Fee: ours of extensions;
 * publishers: theirs; both less what went back.
 */
export const revenueOutput = z
  .object({
    ...reported,
    /** One entry per currency: they are never added up. */
    currencies: z.array(
      z.object({
        currency: z.string(),
        series: series(MONEY),
        totals: money,
        previous: previous(money),
        /** Of subscriptions that are paid, per month, now. */
        mrrMinor: z.number(),
        /** At the end of each day, as far as it was noted. */
        mrrSeries: z.array(z.object({ day: z.string(), mrrMinor: z.number() })),
      }),
    ),
    subscriptions: z.object({
      /** Now. `quantity`: seats. */
      byPlan: z.array(
        z.object({ plan: z.string(), status: z.string(), count: z.number(), quantity: z.number() }),
      ),
      series: series(SUBSCRIPTIONS),
      totals: subscriptionTotals,
      previous: previous(subscriptionTotals),
    }),
  })
  .meta({ id: 'AnalyticsRevenue' })

const licenseTotals = z.object(numbers(LICENSES))
const cohort = z.object({
  started: z.number(),
  /** Of those, whose owners have bought a license of the editor since. */
  converted: z.number(),
  rate: z.number().nullable(),
})
export const licensesOutput = z
  .object({
    ...reported,
    series: series(LICENSES),
    totals: licenseTotals,
    previous: previous(licenseTotals),
    /** Licenses of the editor by plan and status, at the end of the range. */
    stock: z.array(z.object({ plan: z.string(), status: z.string(), count: z.number() })),
    /** Usable licenses (active, in trial, past due) and devices at the end of each day, as far as it was noted. */
    stockSeries: z.array(z.object({ day: z.string(), licenses: z.number(), devices: z.number() })),
    trials: z.object({ current: cohort, previous: cohort }),
  })
  .meta({ id: 'AnalyticsLicenses' })

const marketplaceTotals = z.object(numbers(MARKETPLACE))
const sales = z.object({
  currency: z.string(),
  sales: z.number(),
  /** Paid less what went back, with the taxes in it; = tax + fee + share. */
  grossMinor: z.number(),
  taxMinor: z.number(),
  feeMinor: z.number(),
  shareMinor: z.number(),
})
export const marketplaceOutput = z
  .object({
    ...reported,
    series: series(MARKETPLACE),
    totals: marketplaceTotals,
    previous: previous(marketplaceTotals),
    /** From being held for a moderator to the decision, of what was decided in the range. */
    reviewLatency: z.object({ current: spread, previous: spread }),
    sales: z.array(sales),
    previousSales: z.array(sales),
  })
  .meta({ id: 'AnalyticsMarketplace' })

/** Deflected: an article solved it, and no ticket was needed. */
const supportTotals = z.object(numbers(SUPPORT))
const wait = spread.extend({
  /** By the clocks of what was promised: hours of business, without what they pause for. Of the newest 20,000. */
  businessMedianMinutes: z.number().nullable(),
  businessP90Minutes: z.number().nullable(),
})
const waits = z.object({ current: wait, previous: wait })
const satisfaction = z.object({
  ratings: z.number(),
  /** 1 to 5; null without ratings. */
  averageScore: z.number().nullable(),
  /** Ratings with the scores 1 to 5. */
  scores: z.array(z.number()),
})
export const supportOutput = z
  .object({
    ...reported,
    series: series(SUPPORT),
    totals: supportTotals,
    previous: previous(supportTotals),
    /** Tickets by state, now, and at the end of each day, as far as it was noted. */
    backlog: z.object(numbers(BACKLOG)),
    backlogSeries: series(BACKLOG),
    /** Broken promises of the range by what was promised. */
    breaches: z.object(numbers(['first_response', 'next_response', 'resolution'])),
    /** Of tickets that were answered, or solved, in the range: from their creation. */
    firstResponse: waits,
    resolution: waits,
    satisfaction: z.object({ current: satisfaction, previous: satisfaction }),
  })
  .meta({ id: 'AnalyticsSupport' })

export const reportName = z.enum([
  'usage',
  'revenue',
  'payments',
  'subscriptions',
  'licenses',
  'marketplace',
  'support',
])
export const exportInput = bounded(
  z.strictObject({
    report: reportName.describe('`payments`: one line per payment; the others: one per day'),
    ...range,
  }),
)
export const exportOutput = z.object({ fileName: z.string(), contentType: z.string(), csv: z.string() })
