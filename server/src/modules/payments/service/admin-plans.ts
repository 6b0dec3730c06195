import { writeAudit } from '../../../audit.ts'
import type { AdminActor, Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { EXTENSION_PLAN } from '../../licenses/state.ts'
import { insertPlan, listPlans, lockPlan, type PlanRow, updatePlanRow } from '../queries/catalog.ts'
import { presentPlan } from './plans.ts'

export interface PlanDraft {
  slug: string
  name: string
  kind: 'perpetual' | 'subscription'
  amountMinor: number
  currency: string
  interval?: 'month' | 'year' | undefined
  maxDevices: number
  seats: boolean
  updatesMonths?: number | null | undefined
  renewalAmountMinor?: number | null | undefined
  trialDays: number
  entitlements: string[]
  active: boolean
  position: number
}
/** What may change later. Kind, currency and interval are part of what people have bought: make a new plan for those. */
export type PlanPatch = Partial<Omit<PlanDraft, 'slug' | 'kind' | 'currency' | 'interval'>>

const present = (plan: PlanRow) => ({ ...presentPlan(plan), active: plan.active, position: plan.position })

/** All plans, also those that are not sold any more. */
export async function listAllPlans(ctx: Ctx<AdminActor>) {
  const plans = await listPlans(ctx.db, { onlyActive: false })
  return { items: plans.filter(({ slug }) => slug !== EXTENSION_PLAN).map(present) }
}

/** @throws PLAN_EXISTS */
export function createPlan(ctx: Ctx<AdminActor>, draft: PlanDraft) {
  return inTx(ctx, async (ctx) => {
    const now = ctx.deps.clock.now()
    const plan = await insertPlan(ctx.db, { ...draft, createdAt: now, updatedAt: now })
    if (!plan) throw new AppError('PLAN_EXISTS', { plan: draft.slug })
    await writeAudit(ctx, { action: 'plan.created', subject: plan.slug, after: { ...presentPlan(plan) } })
    await ctx.deps.jobs.enqueue(ctx.db, 'payments.sync', {})
    return present(plan)
  })
}

/** Changes a plan for future buyers; licenses that were sold keep what they have. @throws PLAN_NOT_FOUND */
export function updatePlan(ctx: Ctx<AdminActor>, { slug, ...patch }: PlanPatch & { slug: string }) {
  return inTx(ctx, async (ctx) => {
    const before = await lockPlan(ctx.db, slug)
    if (!before || slug === EXTENSION_PLAN) throw new AppError('PLAN_NOT_FOUND', { plan: slug })
    const plan = (await updatePlanRow(ctx.db, slug, { ...patch, updatedAt: ctx.deps.clock.now() })) ?? before
    await writeAudit(ctx, {
      action: 'plan.updated',
      subject: slug,
      before: present(before),
      after: present(plan),
    })
    await ctx.deps.jobs.enqueue(ctx.db, 'payments.sync', {})
    return present(plan)
  })
}

/** Takes a plan off sale. Plans are never deleted: licenses refer to them. @throws PLAN_NOT_FOUND */
export const archivePlan = (ctx: Ctx<AdminActor>, { slug }: { slug: string }) =>
  updatePlan(ctx, { slug, active: false })
