import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { methodsOf } from './methods.ts'

/** Publishers: the names that extensions are published under, and who may use them. */
export interface PublishersApi {
  /**
   * Takes a publisher name, the part before the dot of `publisher.name`. Letters, digits and hyphens; names that differ only in case or
   * hyphens are one name. It stays taken for good, also after its publisher was removed.
   * @throws PUBLISHER_TAKEN, PUBLISHER_LIMIT
   */
  createPublisher(
    input: Input<'marketplace.createPublisher'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.createPublisher'>>

  /**
   * What everybody sees of a publisher.
   * @throws PUBLISHER_NOT_FOUND
   */
  publisher(
    input: Input<'marketplace.publisher'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.publisher'>>

  /**
   * The publishers you are a member of, by name.
   */
  publishers(
    input?: Input<'marketplace.publishers'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.publishers'>>

  /**
   * Changes what people see of your publisher; what is left out stays, `null` takes it away. Owners only.
   * @throws PUBLISHER_FORBIDDEN, PUBLISHER_TAKEN (a display name that passes for somebody well known)
   */
  updatePublisher(
    input: Input<'marketplace.updatePublisher'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.updatePublisher'>>

  /**
   * Removes your publisher and all its extensions, for good: nobody, you included, can publish under these names again. Owners only.
   * @throws PUBLISHER_FORBIDDEN
   */
  removePublisher(
    input: Input<'marketplace.removePublisher'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.removePublisher'>>

  /**
   * Who may publish under a name of yours. Of somebody who was added by address and has not been here yet, only the address is told.
   * @throws PUBLISHER_FORBIDDEN
   */
  members(input: Input<'marketplace.members'>, options?: CallOptions): Promise<Output<'marketplace.members'>>

  /**
   * Lets somebody (`email` or `userId`) publish under your name, or changes their role. Owners only. The answer is the same whether or not
   * the address has an account; a mail tells them.
   * @throws PUBLISHER_FORBIDDEN, PUBLISHER_LAST_OWNER, PUBLISHER_MEMBER_LIMIT, NOT_FOUND (`userId`)
   */
  addMember(
    input: Input<'marketplace.addMember'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.addMember'>>

  /**
   * Ends a membership: owners anybody's, others their own. `removed` is false for who was none.
   * @throws PUBLISHER_FORBIDDEN, PUBLISHER_LAST_OWNER
   */
  removeMember(
    input: Input<'marketplace.removeMember'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.removeMember'>>

  /**
   * Proves that a publisher belongs to a domain. The first call, with `domain`, says which `record` to write into the DNS; every call looks
   * for it. The record must stay: it is looked for again now and then.
   * @throws PUBLISHER_FORBIDDEN, PUBLISHER_DOMAIN_INVALID, PUBLISHER_DOMAIN_TAKEN
   */
  verifyPublisher(
    input: Input<'marketplace.verifyPublisher'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.verifyPublisher'>>
}

export const publishersApi = (call: Caller): PublishersApi =>
  methodsOf<PublishersApi>(call, {
    createPublisher: 'mutation',
    publisher: 'query',
    publishers: 'query',
    updatePublisher: 'mutation',
    removePublisher: 'mutation',
    members: 'query',
    addMember: 'mutation',
    removeMember: 'mutation',
    verifyPublisher: 'mutation',
  })
