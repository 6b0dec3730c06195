/** What credentials of ours and of Stripe look like, wherever they stand. */
const SECRETS: Record<string, RegExp> = {
  'license key': /DF(?:-[0-9A-Z]{5}){5}/,
  'API token': /dfp_[A-Za-z0-9_-]{16,}/,
  JWT: /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/,
  'Stripe key': /(?:sk|rk)_(?:test|live)_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9_]{8,}/,
  'bearer header': /Bearer\s+[A-Za-z0-9]/,
  'card number': /4242 ?4242 ?4242 ?4242|4000000000\d{6}/,
  'password of the suite': /correct horse/,
  'server secret': /secret-of-the-test-suite/,
}

/** The first line that holds something secret, with what it is; null when there is none. */
export function findSecret(log: string): { what: string; line: string } | null {
  for (const line of log.split('\n')) {
    for (const [what, pattern] of Object.entries(SECRETS)) if (pattern.test(line)) return { what, line }
  }
  return null
}
