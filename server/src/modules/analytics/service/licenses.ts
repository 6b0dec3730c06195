import type { AdminActor, Ctx } from '../../../context.ts'
import { type DayRange, momentsOf, previousOf } from '../days.ts'
import { latestStock, listDays } from '../queries/days.ts'
import { trialCohort } from '../queries/reports.ts'
import type { LICENSES } from '../schemas/reports.ts'
import { type Metrics, rolledUp } from './rolled-up.ts'

const METRICS: Metrics<(typeof LICENSES)[number]> = {
  issued: 'licenses.issued',
  trials: 'licenses.trials',
  renewed: 'licenses.renewed',
  expired: 'licenses.expired',
  revoked: 'licenses.revoked',
  activations: 'devices.activated',
  deactivations: 'devices.deactivated',
}
const USABLE = new Set(['active', 'trial', 'past_due'])

/** Plans have no slash in their names. */
function parseKey(key: string): { plan: string; status: string } {
  const [plan = '', status = ''] = key.split('/')
  return { plan, status }
}

const withRate = ({ started, converted }: { started: number; converted: number }) => ({
  started,
  converted,
  rate: started === 0 ? null : converted / started,
})

async function stockSeries(ctx: Ctx, range: DayRange) {
  const days = new Map<string, { day: string; licenses: number; devices: number }>()
  for (const { day, metric, key, value } of await listDays(ctx.db, range, [
    'stock.licenses',
    'stock.devices',
  ])) {
    const line = days.get(day) ?? { day, licenses: 0, devices: 0 }
    if (metric === 'stock.devices') line.devices += value
    else if (USABLE.has(parseKey(key).status)) line.licenses += value
    days.set(day, line)
  }
  return [...days.values()]
}

/** Licenses and devices: what happened per day, how things stood, and what came of trials. */
export async function licenses(ctx: Ctx<AdminActor>, range: DayRange) {
  const [lines, stock, series, current, previous] = await Promise.all([
    rolledUp(ctx, range, METRICS),
    latestStock(ctx.db, 'stock.licenses', range.to),
    stockSeries(ctx, range),
    trialCohort(ctx.db, momentsOf(range)),
    trialCohort(ctx.db, momentsOf(previousOf(range))),
  ])
  return {
    ...lines,
    stock: stock.map(({ key, value }) => ({ ...parseKey(key), count: value })),
    stockSeries: series,
    trials: { current: withRate(current), previous: withRate(previous) },
  }
}
