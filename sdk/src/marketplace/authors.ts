import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { methodsOf } from './methods.ts'

/** What owners do with extensions that are published. A signed-in person only: API tokens publish, and do not take back. */
export interface AuthorsApi {
  /**
   * Says that an extension is not to be started with any more, with a message and what to use instead; it stays installable.
   * `deprecated: false` takes it back.
   * @throws EXTENSION_NOT_FOUND
   */
  deprecate(
    input: Input<'marketplace.deprecate'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.deprecate'>>

  /**
   * Hides a version from search and lists; whoever asks for exactly it still gets it. Of one platform, or of all. `changed` counts the
   * packages that were not yanked already.
   * @throws EXTENSION_NOT_FOUND
   */
  yank(input: Input<'marketplace.yank'>, options?: CallOptions): Promise<Output<'marketplace.yank'>>

  /**
   * Takes a yank back.
   * @throws EXTENSION_NOT_FOUND
   */
  unyank(input: Input<'marketplace.unyank'>, options?: CallOptions): Promise<Output<'marketplace.unyank'>>

  /**
   * Removes a version, or without `version` the whole extension, for good: names and versions are never given again.
   * @throws EXTENSION_NOT_FOUND
   */
  remove(input: Input<'marketplace.remove'>, options?: CallOptions): Promise<Output<'marketplace.remove'>>
}

export const authorsApi = (call: Caller): AuthorsApi =>
  methodsOf<AuthorsApi>(call, {
    deprecate: 'mutation',
    yank: 'mutation',
    unyank: 'mutation',
    remove: 'mutation',
  })
