import type { z } from 'zod'
import type { Ctx } from '../../../context.ts'
import { listPlans, type PlanRow } from '../queries/catalog.ts'
import type { planSchema } from '../schemas.ts'

/** A plan as buyers see it. */
export const presentPlan = (plan: PlanRow): z.infer<typeof planSchema> => ({
  slug: plan.slug,
  name: plan.name,
  kind: plan.kind,
  amountMinor: plan.amountMinor,
  currency: plan.currency,
  interval: plan.interval,
  maxDevices: plan.maxDevices,
  seats: plan.seats,
  updatesMonths: plan.updatesMonths,
  renewalAmountMinor: plan.renewalAmountMinor,
  trialDays: plan.trialDays,
  entitlements: plan.entitlements,
})

/** What is on sale. */
export async function plans(ctx: Ctx) {
  return { items: (await listPlans(ctx.db, { onlyActive: true })).map(presentPlan) }
}
