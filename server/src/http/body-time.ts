import type { IncomingMessage } from 'node:http'
import { MINUTE } from '../clock.ts'

/** Time for a request's body to arrive. */
const BODY_MS = MINUTE
/** A package of 200 MB over 2 Mbit/s. The server's own limit for requests (`listener.ts`). */
export const UPLOAD_MS = 15 * MINUTE

const isUpload = ({ headers }: IncomingMessage): boolean =>
  /^application\/(?:octet-stream|vsix|zip)\b/i.test(headers['content-type'] ?? '')

/** Breaks a connection off whose body takes too long: a client that sends a byte now and then would hold it for ever. */
export function limitBodyTime(incoming: IncomingMessage | undefined): void {
  if (!incoming || incoming.complete || incoming.method === 'GET' || isUpload(incoming)) return
  const timer = setTimeout(() => {
    // The answer may take its time; the body may not.
    if (!incoming.complete) incoming.destroy()
  }, BODY_MS)
  timer.unref()
  incoming.once('close', () => clearTimeout(timer))
}
