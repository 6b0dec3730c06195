/** Standard VAT rates that automatic tax knows here, in percent; any other country is one where we do not collect. */
const RATES: Record<string, number> = {
  AT: 20,
  BE: 21,
  CH: 8.1,
  DE: 19,
  DK: 25,
  ES: 21,
  FR: 20,
  GB: 20,
  IE: 23,
  IT: 22,
  NL: 21,
  PL: 23,
  SE: 25,
}

/** Tax on an amount, in minor units; an inclusive price contains it already. */
export function taxOn(amountMinor: number, country: string | null | undefined, inclusive: boolean): number {
  const rate = country ? (RATES[country] ?? 0) : 0
  if (rate === 0 || amountMinor <= 0) return 0
  return Math.round(inclusive ? (amountMinor * rate) / (100 + rate) : (amountMinor * rate) / 100)
}

export const TAXED_COUNTRIES = Object.keys(RATES)
