import { Secret, TOTP } from 'otpauth'
import { expect } from 'vitest'
import { TEST_URL, type TestApp } from '../support/app.ts'

/** The token in the link of the newest mail to an address whose link goes to `page`. */
export async function mailedToken(
  t: TestApp,
  to: string,
  page: 'verify-email' | 'reset-password',
): Promise<string> {
  expect(await t.drain()).toEqual([])
  const mails = await t.mails(to)
  const links = mails.map((mail) => new RegExp(`${TEST_URL}/${page}\\?token=([\\w-]+)`).exec(mail.text)?.[1])
  return links.findLast((token) => token !== undefined) ?? expect.fail(`no ${page} link was mailed to ${to}`)
}

/** What the authenticator app shows at the server's time, or some steps of 30 seconds from it. */
export const totpCode = (t: TestApp, secret: string, steps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({
    timestamp: t.clock.now().getTime() + steps * 30_000,
  })

/** Calls a procedure as anything but the SDK might. */
export const rawCall = (
  t: TestApp,
  procedure: string,
  input: unknown,
  headers: Record<string, string> = {},
): Promise<Response> =>
  t.fetch(`${TEST_URL}/trpc/${procedure}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ json: input }),
  })

/** The error code of an answer of `rawCall`. */
export async function codeOf(response: Response): Promise<string | undefined> {
  const body = (await response.json()) as { error?: { json: { data: { code: string } } } }
  return body.error?.json.data.code
}

/** The middle of a list of numbers. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
