import { createHmac } from 'node:crypto'

/** The request by which a mail gateway delivers a mail to `/webhooks/mail`, signed at a time. */
export function signedMail(raw: string, { secret, now }: { secret: string; now: Date }) {
  const time = Math.floor(now.getTime() / 1_000)
  const tag = createHmac('sha256', secret).update(`${time}.`).update(raw).digest('hex')
  return {
    method: 'POST',
    headers: { 'content-type': 'message/rfc822', 'devforge-signature': `t=${time},v1=${tag}` },
    body: raw,
  }
}
