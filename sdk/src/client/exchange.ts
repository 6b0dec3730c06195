import { foreignAnswer, type Head, isFields, networkError, plainRefusal } from './failure.ts'

type Fetch = typeof globalThis.fetch

/** An HTTP answer that was read and looks like tRPC's. */
export interface Exchanged extends Head {
  json(): Promise<unknown>
}

const isEnvelope = (value: unknown): boolean =>
  isFields(value) && (isFields(value.result) || (isFields(value.error) && isFields(value.error.json)))

/**
 * One HTTP request, read to its end. Rejects with a DevForgeError for whatever is no answer of a Dev Forge server: no
 * connection, a page of a proxy, a refusal in plain JSON.
 */
export async function exchangeJson(
  fetch: Fetch,
  input: Parameters<Fetch>[0],
  init: object,
): Promise<{ head: Head; body: unknown }> {
  let head: Head
  let text: string
  try {
    // The token alone says who is asking: no cookies, and no redirect may carry it to another host.
    const response = await fetch(input, { ...init, credentials: 'omit', redirect: 'error' })
    head = response
    text = await response.text()
  } catch (error) {
    throw networkError(error)
  }
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    throw foreignAnswer(head, error)
  }
  const refusal = plainRefusal(body, head)
  if (refusal) throw refusal
  return { head, body }
}

/** The same for tRPC: rejects also for JSON that is none of its answers. */
export async function exchange(fetch: Fetch, input: Parameters<Fetch>[0], init: object): Promise<Exchanged> {
  const { head, body } = await exchangeJson(fetch, input, init)
  const envelopes = Array.isArray(body) ? body : [body]
  if (envelopes.length === 0 || !envelopes.every(isEnvelope)) throw foreignAnswer(head)
  const { status, ok, headers } = head
  return { status, ok, headers, json: async () => body }
}
