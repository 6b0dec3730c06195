import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { methodsOf } from './methods.ts'

/** The catalog: what anybody sees of extensions. */
export interface CatalogApi {
  /**
   * Finds extensions by text (also `publisher:"x"`, `category:` and `tag:` in it) and filters; without a text, the popular ones first.
   * An exact `publisher.name` comes first, typos are forgiven. `total` is exact to 1,000.
   * @throws INVALID_INPUT (`cursor` of another question)
   */
  search(input?: Input<'marketplace.search'>, options?: CallOptions): Promise<Output<'marketplace.search'>>

  /**
   * An extension by its id, `publisher.name`, with its newest versions, its price, and where its readme and icon are.
   * @throws EXTENSION_NOT_FOUND
   */
  get(input: Input<'marketplace.get'>, options?: CallOptions): Promise<Output<'marketplace.get'>>

  /**
   * Its packages, newest version first, one for each target platform. Yanked ones are left out.
   * @throws EXTENSION_NOT_FOUND
   */
  versions(
    input: Input<'marketplace.versions'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.versions'>>

  /**
   * What people who have it have besides.
   * @throws EXTENSION_NOT_FOUND
   */
  related(input: Input<'marketplace.related'>, options?: CallOptions): Promise<Output<'marketplace.related'>>

  /**
   * The categories, with the number of extensions in each.
   */
  categories(
    input?: Input<'marketplace.categories'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.categories'>>

  /**
   * What is installed more in these 7 days than in the 28 before.
   */
  trending(
    input?: Input<'marketplace.trending'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.trending'>>
}

export const catalogApi = (call: Caller): CatalogApi =>
  methodsOf<CatalogApi>(call, {
    search: 'query',
    get: 'query',
    versions: 'query',
    related: 'query',
    categories: 'query',
    trending: 'query',
  })
