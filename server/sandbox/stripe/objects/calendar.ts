export type Interval = 'day' | 'week' | 'month' | 'year'

const DAY = 86_400

/**
 * Adds whole billing intervals to an anchor. Months keep the anchor's day and are clamped to the month's end, so that
 * 31 January renews on 28 February and then on 31 March again.
 */
export function addIntervals(anchor: number, interval: Interval, count: number): number {
  if (interval === 'day') return anchor + count * DAY
  if (interval === 'week') return anchor + count * 7 * DAY
  const from = new Date(anchor * 1000)
  const months = interval === 'year' ? count * 12 : count
  const target = new Date(from)
  target.setUTCDate(1)
  target.setUTCMonth(from.getUTCMonth() + months)
  const lastDay = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate()
  target.setUTCDate(Math.min(from.getUTCDate(), lastDay))
  return Math.floor(target.getTime() / 1000)
}

/** The first period end after `now`, counted in whole intervals from the anchor. */
export function nextPeriodEnd(anchor: number, interval: Interval, count: number, now: number): number {
  let periods = 1
  while (addIntervals(anchor, interval, count * periods) <= now) periods++
  return addIntervals(anchor, interval, count * periods)
}
