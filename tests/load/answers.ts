import type { KnownLicense } from './dataset.ts'

/** Whose answers: the floor's bare rows, plain JSON of Express, tRPC's envelopes. */
export type Judge = 'floor' | 'express' | 'trpc'

interface Verdict {
  valid: boolean
  code?: string
  license: {
    id: string
    plan: string
    status: string
    keyHint: string
    maxDevices: number
    devicesInUse: number
    entitlements?: string[]
    expiresAt: string | null
    updatesUntil: string | null
  } | null
  entitlements?: string[]
}

const GOOD = '"valid":true'

/** The quick check that every answer gets. @returns what is wrong, or null */
export function looksRight(response: string, body: string, calls: number): string | null {
  if (!response.startsWith('HTTP/1.1 200 ')) return 'status'
  let found = 0
  for (let at = body.indexOf(GOOD); at !== -1; at = body.indexOf(GOOD, at + GOOD.length)) found++
  return found === calls ? null : `${found} of ${calls} valid`
}

/** Compares the answer with what is known of the licenses asked about. @returns what is wrong, or null */
export function checkFully(
  judge: Judge,
  response: string,
  body: string,
  asked: KnownLicense[],
): string | null {
  const quick = looksRight(response, body, asked.length)
  if (quick !== null) return quick
  const verdicts = read(judge, JSON.parse(body))
  for (const [place, expected] of asked.entries()) {
    const verdict = verdicts[place]
    const license = verdict?.license
    if (!verdict || !license) return 'no license'
    const right =
      license.id === expected.id &&
      license.keyHint === expected.key.slice(-5) &&
      license.devicesInUse === expected.devices &&
      license.plan === 'pro' &&
      license.status === 'active' &&
      license.maxDevices === 3 &&
      (verdict.code ?? 'VALID') === 'VALID' &&
      (verdict.entitlements ?? license.entitlements)?.includes('remote-models') === true &&
      // Each has one of the two.
      (license.expiresAt === null) !== (license.updatesUntil === null) &&
      Date.parse(license.expiresAt ?? license.updatesUntil ?? '') > Date.now()
    if (!right) return `not the answer for ${expected.id}`
  }
  return null
}

/** superjson's note that a member is a date, by which the SDK makes it one again. */
interface Envelope {
  result: { data: { json: Verdict; meta?: { values?: Record<string, unknown> } } }
}

function read(judge: Judge, body: unknown): Verdict[] {
  if (judge !== 'trpc') return [body as Verdict]
  const envelopes = (Array.isArray(body) ? body : [body]) as Envelope[]
  return envelopes.map(({ result: { data } }) => {
    const dates = data.meta?.values ?? {}
    const member = data.json.license?.expiresAt === null ? 'license.updatesUntil' : 'license.expiresAt'
    if (JSON.stringify(dates[member]) !== '["Date"]') throw new Error(`${member} is not told to be a date`)
    return data.json
  })
}
