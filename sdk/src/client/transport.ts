import { createTRPCUntypedClient, httpBatchLink, httpLink, splitLink } from '@trpc/client'
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

/**
 * tRPC over HTTP. Queries of one tick share a request: they are quick reads. A mutation may wait for the payment provider or
 * a lock, so it has a request of its own and holds up nothing else. Inputs go into the body, also those of queries, since
 * some are secrets (license keys) and URLs end up in logs.
 */
export function createTransport(options: TransportOptions): Transport {
  // One client per token: a shared request speaks for exactly one session, also while somebody signs in or out.
  let current: { token: string | null; client: ReturnType<typeof createTRPCUntypedClient> } | undefined
  return async ({ path, kind, input, signal, token, batch }) => {
    if (current?.token !== token) current = { token, client: createClient(options, token) }
    try {
      return await current.client[kind](path, input, { signal, context: { batch } })
    } catch (error) {
      throw toDevForgeError(error)
    }
  }
}

function createClient(
  options: TransportOptions,
  token: string | null,
): ReturnType<typeof createTRPCUntypedClient> {
  const shared = {
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
  return createTRPCUntypedClient({
    links: [
      splitLink({
        condition: (op) => op.type === 'query' && op.context.batch !== false,
        true: httpBatchLink({ ...shared, maxItems: MAX_BATCH_SIZE, maxURLLength: MAX_URL_LENGTH }),
        false: httpLink(shared),
      }),
    ],
  })
}
