/** How the money of a sale is divided; whole minor units. gross = tax + fee + share. */
export interface Split {
  grossMinor: number
  taxMinor: number
  feeMinor: number
  shareMinor: number
}

/** A sale as it was made. */
export interface Terms {
  /** What the customer paid, taxes included. */
  amountMinor: number
  taxMinor: number
  /** Our fee in hundredths of a percent. */
  feeBps: number
}

/** `a × b / c`, rounded half up; exact, since products of amounts may exceed what a double holds. */
function proportion(a: number, b: number, c: number): number {
  if (c === 0) return 0
  const [product, divisor] = [BigInt(a) * BigInt(b), BigInt(c)]
  return Number((2n * product + divisor) / (2n * divisor))
}

/**
 * Divides what is left of a payment. Taxes are left in proportion; the fee is taken of the rest, rounded half up to a minor
 * unit; the share is what remains. It depends on what is left alone and on nothing that happened before, so any row of
 * refunds ends where one refund of their sum would, and a full refund leaves exactly nothing.
 * @param keptMinor what was neither refunded nor taken back by the bank, 0 … amountMinor
 */
export function splitOf({ amountMinor, taxMinor, feeBps }: Terms, keptMinor: number): Split {
  const tax = proportion(keptMinor, taxMinor, amountMinor)
  const feeMinor = proportion(keptMinor - tax, feeBps, 10_000)
  return { grossMinor: keptMinor, taxMinor: tax, feeMinor, shareMinor: keptMinor - tax - feeMinor }
}

/** What has to be written into the ledger to get from one division to another. */
export const differenceOf = (from: Split, to: Split): Split => ({
  grossMinor: to.grossMinor - from.grossMinor,
  taxMinor: to.taxMinor - from.taxMinor,
  feeMinor: to.feeMinor - from.feeMinor,
  shareMinor: to.shareMinor - from.shareMinor,
})

export const NOTHING: Split = { grossMinor: 0, taxMinor: 0, feeMinor: 0, shareMinor: 0 }

/** What happened to the money of a sale, as a ledger tells it. */
export type SaleEntryKind = 'sale' | 'refund' | 'refund_failed' | 'dispute_lost' | 'dispute_returned'

export interface Losses {
  refundedMinor: number
  /** Taken by banks in disputes that were lost. */
  lostMinor: number
}

export interface SaleEntry extends Split {
  kind: SaleEntryKind
}

/**
 * The entries that lead from what the ledger says to what is so now. What came back is entered before what went, so that the
 * money of the sale never is less than nothing nor more than was paid.
 * @param known null: the sale is not in the ledger yet
 */
export function entriesBetween(terms: Terms, known: Losses | null, now: Losses): SaleEntry[] {
  const { amountMinor } = terms
  const lostMinor = Math.min(now.lostMinor, amountMinor)
  // A bank may take back what was refunded before: it is gone once.
  const refundedMinor = Math.min(now.refundedMinor, amountMinor - lostMinor)
  const entries: SaleEntry[] = []
  let kept = known ? amountMinor - known.refundedMinor - known.lostMinor : 0
  const enter = (kind: SaleEntryKind, changeMinor: number) => {
    if (changeMinor === 0) return
    const before = splitOf(terms, kept)
    kept += changeMinor
    entries.push({ kind, ...differenceOf(before, splitOf(terms, kept)) })
  }
  if (!known) enter('sale', amountMinor)
  const refunds = (known?.refundedMinor ?? 0) - refundedMinor
  const disputes = (known?.lostMinor ?? 0) - lostMinor
  if (refunds > 0) enter('refund_failed', refunds)
  if (disputes > 0) enter('dispute_returned', disputes)
  if (refunds < 0) enter('refund', refunds)
  if (disputes < 0) enter('dispute_lost', disputes)
  return entries
}
