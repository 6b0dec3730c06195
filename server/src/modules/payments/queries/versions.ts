import { checkouts, type Db, invoices, payments, payoutAccounts, subscriptions } from '@devforge/db'
import { eq, sql } from 'drizzle-orm'

/** Rows that mirror an object at Stripe, in the order in which they are locked. */
export const MIRRORS = ['checkout', 'subscription', 'payment', 'invoice', 'payout_account'] as const
export type Mirror = (typeof MIRRORS)[number]

const columns = {
  checkout: checkouts.stripeSessionId,
  subscription: subscriptions.stripeSubscriptionId,
  payment: payments.stripePaymentIntentId,
  invoice: invoices.stripeInvoiceId,
  payout_account: payoutAccounts.stripeAccountId,
}
const tables = {
  checkout: checkouts,
  subscription: subscriptions,
  payment: payments,
  invoice: invoices,
  payout_account: payoutAccounts,
}

/**
 * The version of the row that mirrors a Stripe object: the transaction that wrote it last (Postgres' `xmin`).
 * @returns null when there is no row yet
 */
export async function versionOf(
  db: Db,
  mirror: Mirror,
  stripeId: string,
  options: { lock: boolean },
): Promise<string | null> {
  const table = tables[mirror]
  const query = db
    .select({ version: sql<string>`${table}.xmin::text` })
    .from(table)
    .where(eq(columns[mirror], stripeId))
  const [row] = await (options.lock ? query.for('update') : query)
  return row?.version ?? null
}
