import { httpBatchLink } from '@trpc/client/links/httpBatchLink'
import { exchange } from './exchange.ts'
import { toDevForgeError } from './failure.ts'
import { transformer } from './transformer.ts'

/** The server refuses larger batches. */
const MAX_BATCH_SIZE = 20
/** The paths of a batch stand in its URL, and proxies commonly take 8 KB. */
const MAX_URL_LENGTH = 4_000

export interface TransportOptions {
  /** Without a slash at its end. */
  url: string
  fetch?: typeof globalThis.fetch | undefined
  locale?: string | undefined
}

interface Request {
  path: string
  kind: 'query' | 'mutation'
  input: unknown
  signal: AbortSignal
  /** Goes into the `Authorization` header. */
  token: string | null
  /** Whether the request may be shared with others of the same tick. */
  batch: boolean
}

/** One attempt of one call. Rejects with a DevForgeError. */
export type Transport = (request: Request) => Promise<unknown>

/** A link of tRPC that is ready to send. */
type Link = ReturnType<ReturnType<typeof httpBatchLink>>

/**
 * tRPC over HTTP. Queries of one tick share a request: they are quick reads. A mutation may wait for the payment provider or
 * a lock, so it has a request of its own and holds up nothing else. Inputs go into the body, also those of queries, since
 * some are secrets (license keys) and URLs end up in logs.
 */
export function createTransport(options: TransportOptions): Transport {
  // Links of one token at a time: a shared request speaks for exactly one session, also while somebody signs in or out.
  let current: { token: string | null; shared: Link; alone: Link } | undefined
  return async ({ path, kind, input, signal, token, batch }) => {
    if (current?.token !== token) current = { token, ...createLinks(options, token) }
    try {
      return await send(batch && kind === 'query' ? current.shared : current.alone, {
        path,
        type: kind,
        input,
        signal,
      })
    } catch (error) {
      throw toDevForgeError(error)
    }
  }
}

/** The links by themselves: tRPC's client around them brings what we have (retries, types) or do not need (web sockets). */
function createLinks(options: TransportOptions, token: string | null): { shared: Link; alone: Link } {
  const common = {
    url: `${options.url}/trpc`,
    transformer,
    methodOverride: 'POST' as const,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(options.locale === undefined ? {} : { 'accept-language': options.locale }),
    },
    // The global one is looked up per call: it may be replaced (instrumentation, tests).
    fetch: (input: Parameters<typeof globalThis.fetch>[0], init: object = {}) =>
      exchange(options.fetch ?? globalThis.fetch, input, init),
  }
  return {
    shared: httpBatchLink({ ...common, maxItems: MAX_BATCH_SIZE, maxURLLength: MAX_URL_LENGTH })({}),
    alone: httpBatchLink({ ...common, maxItems: 1 })({}),
  }
}

/** One call through a link: its first value is its answer. */
function send(
  link: Link,
  call: Pick<Request, 'path' | 'input' | 'signal'> & { type: Request['kind'] },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    link({
      op: { ...call, id: 0, context: {} },
      next: () => {
        throw new Error('there is no further link')
      },
    }).subscribe({
      next: ({ result }) => resolve('data' in result ? result.data : undefined),
      error: reject,
    })
  })
}
