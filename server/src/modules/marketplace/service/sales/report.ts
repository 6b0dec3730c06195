import type { Ctx, SessionActor } from '../../../../context.ts'
import { csvText } from '../../../../csv.ts'
import { findOpenAccount } from '../../queries/payout-accounts.ts'
import { type LedgerRow, listEntries, owedTo, sumEntries, totalsOf } from '../../queries/sales.ts'
import { requirePayee } from '../publishers.ts'
import { presentAccount } from './payout-account.ts'

/**
 * What a publisher earned, was sent and is owed, by currency. To the cent: earned = transferred + available + pending − negative.
 * @throws PUBLISHER_FORBIDDEN for all but its owners, or those it had when it was removed
 */
export async function balance(ctx: Ctx<SessionActor>, input: { publisher: string }) {
  const publisher = await requirePayee(ctx, input.publisher)
  const [totals, owed, account] = await Promise.all([
    totalsOf(ctx.db, publisher.id),
    owedTo(ctx.db, publisher.id),
    findOpenAccount(ctx.db, publisher.id),
  ])
  return {
    items: totals.map(({ currency, sales, earnedMinor, transferredMinor }) => {
      const { freeMinor = 0, heldMinor = 0 } = owed.find((row) => row.currency === currency) ?? {}
      return {
        currency,
        sales,
        earnedMinor,
        transferredMinor,
        availableMinor: Math.max(0, freeMinor),
        pendingMinor: heldMinor,
        negativeMinor: Math.max(0, -freeMinor),
      }
    }),
    feeBps: ctx.deps.env.MARKETPLACE_FEE_BPS,
    account: account ? presentAccount(account) : null,
  }
}

export interface Month {
  publisher: string
  /** `2026-11`; months are of UTC. */
  month: string
}

function spanOf(month: string): { from: Date; to: Date } {
  const from = new Date(`${month}-01T00:00:00Z`)
  const to = new Date(from)
  to.setUTCMonth(to.getUTCMonth() + 1)
  return { from, to }
}

const presentEntry = ({ entry, extension }: { entry: LedgerRow; extension: string }) => ({
  id: entry.id,
  at: entry.at,
  kind: entry.kind,
  extension,
  saleId: entry.saleId,
  currency: entry.currency,
  grossMinor: entry.grossMinor,
  taxMinor: entry.taxMinor,
  feeMinor: entry.feeMinor,
  shareMinor: entry.shareMinor,
  transferredMinor: entry.transferredMinor,
})
type Entry = ReturnType<typeof presentEntry>

/** A month of the ledger, oldest first, with the sums of the whole month. @throws PUBLISHER_FORBIDDEN */
export async function payouts(
  ctx: Ctx<SessionActor>,
  input: Month & { cursor?: string | undefined; limit: number },
) {
  const { id: publisherId } = await requirePayee(ctx, input.publisher)
  const span = spanOf(input.month)
  const { cursor: after, limit } = input
  const rows = await listEntries(ctx.db, { publisherId, ...span, after, limit: limit + 1 })
  const items = rows.slice(0, limit).map(presentEntry)
  return {
    items,
    nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null,
    totals: await sumEntries(ctx.db, { publisherId, ...span }),
  }
}

const PAGE = 1_000
const AMOUNTS = ['grossMinor', 'taxMinor', 'feeMinor', 'shareMinor', 'transferredMinor'] as const
const HEAD = 'date,entry,kind,extension,sale,currency,gross,tax,fee,share,transferred'

/** A month of the ledger as a table for spreadsheets: RFC 4180, UTF-8, amounts as decimals. @throws PUBLISHER_FORBIDDEN */
export async function payoutsCsv(ctx: Ctx<SessionActor>, input: Month) {
  const { id: publisherId, name } = await requirePayee(ctx, input.publisher)
  const span = spanOf(input.month)
  const lines = [HEAD]
  let after: string | undefined
  for (;;) {
    const rows = await listEntries(ctx.db, { publisherId, ...span, after, limit: PAGE })
    for (const row of rows) lines.push(csvLine(presentEntry(row)))
    if (rows.length < PAGE) break
    after = rows.at(-1)?.entry.id
  }
  return {
    fileName: `${name}-${input.month}.csv`,
    csv: `${lines.join('\r\n')}\r\n`,
    entries: lines.length - 1,
  }
}

function csvLine(entry: Entry): string {
  const { at, id, kind, extension, saleId, currency } = entry
  const texts = [at.toISOString(), id, kind, extension, saleId, currency.toUpperCase()].map(csvText)
  return [...texts, ...AMOUNTS.map((name) => decimals(entry[name]))].join(',')
}

/** `1234` → `12.34`, `-5` → `-0.05`: all currencies that extensions are sold in have two decimals. */
export function decimals(amountMinor: number): string {
  const digits = String(Math.abs(amountMinor)).padStart(3, '0')
  return `${amountMinor < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
