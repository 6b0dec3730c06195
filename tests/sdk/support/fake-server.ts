import superjson from 'superjson'

/** One call as it came over the wire. */
export interface Arrived {
  path: string
  input: unknown
  method: string
  url: string
  token: string | null
  headers: Headers
  /** Which HTTP request it came in, counted from 0. */
  request: number
}

interface Refusal {
  code: string
  httpStatus: number
  details?: unknown
}

export type Answer = { result: unknown } | { refusal: Refusal } | { raw: Response }

export const refuse = (code: string, httpStatus: number, details: unknown = null): Answer => ({
  refusal: { code, httpStatus, details },
})
export const answer = (result: unknown): Answer => ({ result })

/**
 * A `fetch` that speaks tRPC's wire format and nothing more, to try what a real server does only on a bad day: broken
 * connections, proxies' pages, silence.
 */
export function fakeServer(handle: (call: Arrived) => Answer | Promise<Answer>) {
  const calls: Arrived[] = []
  let requests = 0
  const fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input))
    const request = requests++
    const paths = url.pathname.replace('/trpc/', '').split(',')
    const batched = url.searchParams.has('batch')
    const body: unknown = init.body ? JSON.parse(String(init.body)) : undefined
    const headers = new Headers(init.headers)
    const answers = await Promise.all(
      paths.map(async (path, index) => {
        const packed = batched ? (body as Record<string, unknown>)[String(index)] : body
        const call: Arrived = {
          path,
          input: packed
            ? superjson.deserialize(packed as Parameters<typeof superjson.deserialize>[0])
            : undefined,
          method: init.method ?? 'GET',
          url: url.href,
          token: headers.get('authorization')?.replace('Bearer ', '') ?? null,
          headers,
          request,
        }
        calls.push(call)
        return handle(call)
      }),
    )
    // As the real fetch does: it rejects when its signal strikes while the server still thinks.
    if (init.signal?.aborted) throw init.signal.reason
    const raw = answers.find((one) => 'raw' in one)
    if (raw && 'raw' in raw) return raw.raw
    const envelopes = answers.map((one) =>
      'result' in one ? { result: { data: superjson.serialize(one.result) } } : { error: envelope(one) },
    )
    const status = answers
      .map((one) => ('refusal' in one ? one.refusal.httpStatus : 200))
      .reduce((a, b) => (a === b ? a : 207))
    return Response.json(batched ? envelopes : envelopes[0], { status })
  }
  return {
    fetch,
    calls,
    get requests() {
      return requests
    },
  }
}

function envelope(one: Answer): unknown {
  const { code, httpStatus, details } =
    'refusal' in one ? one.refusal : { code: 'INTERNAL', httpStatus: 500, details: null }
  return superjson.serialize({
    message: `refused: ${code}`,
    code: -32000,
    data: { code, httpStatus, details: details ?? null, requestId: 'req_1' },
  })
}

/** A promise and its handle. */
export function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
