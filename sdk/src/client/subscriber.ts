import type { StreamOptions, Subscriber } from '../contract.ts'
import { isDevForgeError } from '../errors.ts'
import { startDeadline } from './deadline.ts'
import { networkError } from './failure.ts'
import { type Identity, tokenAfter, tokenOf } from './identity.ts'
import { isTransient, waitAfter } from './retry.ts'
import type { TokenAnswer } from './session-keeper.ts'
import { openStream, type StreamServer } from './stream-connection.ts'
import { transformer } from './transformer.ts'

export interface SubscriberOptions extends StreamServer {
  identity: Identity
}

const RECONNECT_FOR_MS = 300_000

/** tRPC's subscriptions over HTTP, read with `fetch`: `EventSource` sends no headers. */
export function createSubscriber(options: SubscriberOptions): Subscriber {
  async function* subscribe(
    path: string,
    input: object,
    { signal, reconnectForMs = RECONNECT_FOR_MS }: StreamOptions = {},
  ): AsyncGenerator<unknown, void, undefined> {
    let lastEventId: string | undefined
    let renewedToken: string | undefined
    let failed = 0
    let goodUntil = performance.now() + reconnectForMs
    for (;;) {
      let tried: TokenAnswer = { token: null }
      let problem: unknown
      try {
        tried = await tokenOf(options.identity)
        const packed = JSON.stringify(
          transformer.serialize(lastEventId === undefined ? input : { ...input, lastEventId }),
        )
        for await (const event of openStream(
          options,
          `/trpc/${path}?input=${encodeURIComponent(packed)}`,
          tried.token,
          signal,
        )) {
          if (event.type === 'return') return
          failed = 0
          goodUntil = performance.now() + reconnectForMs
          if (event.type !== 'message') continue
          // Before it is handed out: whoever never asks for the next one has had this one.
          lastEventId = event.id
          yield transformer.deserialize(JSON.parse(event.data))
        }
        problem = networkError(new Error('The stream broke off.'))
      } catch (error) {
        problem = error
      }
      if (!isTransient(problem) && !isDevForgeError(problem, 'TIMEOUT')) {
        // A token that ended on the way is renewed; the same refusal of the new one is the answer.
        if (tried.token !== null && tried.token === renewedToken) throw problem
        renewedToken = await tokenAfter(problem, options.identity, tried)
        continue
      }
      const wait = waitAfter(problem, failed++)
      if (performance.now() + wait > goodUntil) throw problem
      const nap = startDeadline(null, signal)
      await nap.sleep(wait).finally(nap.done)
    }
  }
  // What a path streams is the contract's word: it is generated from the very router that streams.
  return subscribe as Subscriber
}
