import { methodsOf } from './client/methods.ts'
import type { Caller, CallOptions, Input, Output } from './contract.ts'

/** The help: articles to be found and read, and for agents to be written. Whoever is signed in may see more than others. */
export interface KnowledgeApi {
  /**
   * Finds articles by words, beginnings of words and near misses; an empty `query` lists all. `editorVersion` leaves out what is about
   * other versions. `searchId` ties what is opened and what helped to this search.
   */
  search(input: Input<'knowledge.search'>, options?: CallOptions): Promise<Output<'knowledge.search'>>

  /**
   * An article in `locale`, or in the nearest language that there is: as Markdown, and as HTML that is safe to show.
   * @throws ARTICLE_NOT_FOUND
   */
  get(input: Input<'knowledge.get'>, options?: CallOptions): Promise<Output<'knowledge.get'>>

  /** Categories, with how many articles you can read in each. */
  categories(
    input?: Input<'knowledge.categories'>,
    options?: CallOptions,
  ): Promise<Output<'knowledge.categories'>>

  /**
   * Articles that may solve what a ticket is being written about, best first. Call it when the typing pauses. The text is not kept.
   * @example
   * const { items, searchId } = await forge.knowledge.suggest({ text: subject, editorVersion })
   */
  suggest(input: Input<'knowledge.suggest'>, options?: CallOptions): Promise<Output<'knowledge.suggest'>>

  /**
   * Says whether an article helped. Each reader has one voice per article; saying something else changes it.
   * @throws ARTICLE_NOT_FOUND, AUTH_RATE_LIMITED
   */
  feedback(input: Input<'knowledge.feedback'>, options?: CallOptions): Promise<Output<'knowledge.feedback'>>

  /**
   * Says that an article solved the problem, so that no ticket is needed. Counts once per reader, article and day.
   * @throws ARTICLE_NOT_FOUND, AUTH_RATE_LIMITED
   */
  solvedIt(input: Input<'knowledge.solvedIt'>, options?: CallOptions): Promise<Output<'knowledge.solvedIt'>>

  /** Agents: articles of any state, newest first. */
  articles(input?: Input<'knowledge.articles'>, options?: CallOptions): Promise<Output<'knowledge.articles'>>

  /** Agents: an article with its newest text, published or not. @throws ARTICLE_NOT_FOUND */
  article(input: Input<'knowledge.article'>, options?: CallOptions): Promise<Output<'knowledge.article'>>

  /** Agents: starts a draft. A translation takes the `slug` of its original. @throws ARTICLE_SLUG_TAKEN */
  create(input: Input<'knowledge.create'>, options?: CallOptions): Promise<Output<'knowledge.create'>>

  /**
   * Agents: makes a new version of a text; what is not given stays. Readers see it once it is published.
   * @throws ARTICLE_NOT_FOUND, CONFLICT (somebody else changed it since `version`)
   */
  update(input: Input<'knowledge.update'>, options?: CallOptions): Promise<Output<'knowledge.update'>>

  /**
   * Agents: lets readers see the newest version; also brings an archived article back.
   * @throws ARTICLE_NOT_FOUND, CONFLICT, ARTICLE_NOT_REVIEWED (nobody changed the text since it came from a ticket)
   */
  publish(input: Input<'knowledge.publish'>, options?: CallOptions): Promise<Output<'knowledge.publish'>>

  /** Agents: takes an article away from readers. @throws ARTICLE_NOT_FOUND, CONFLICT */
  archive(input: Input<'knowledge.archive'>, options?: CallOptions): Promise<Output<'knowledge.archive'>>

  /** Agents: all versions, newest first, with authors and what each changed. @throws ARTICLE_NOT_FOUND */
  versions(input: Input<'knowledge.versions'>, options?: CallOptions): Promise<Output<'knowledge.versions'>>

  /** Agents: one version, whole. @throws ARTICLE_NOT_FOUND */
  version(input: Input<'knowledge.version'>, options?: CallOptions): Promise<Output<'knowledge.version'>>

  /** Agents: takes up an old version as the newest. @throws ARTICLE_NOT_FOUND, CONFLICT */
  restore(input: Input<'knowledge.restore'>, options?: CallOptions): Promise<Output<'knowledge.restore'>>

  /** Agents: Markdown as readers would see it; nothing is saved. */
  preview(input: Input<'knowledge.preview'>, options?: CallOptions): Promise<Output<'knowledge.preview'>>

  /** Agents: what was looked for and not found in the last `days`, what was asked most first. */
  zeroResults(
    input?: Input<'knowledge.zeroResults'>,
    options?: CallOptions,
  ): Promise<Output<'knowledge.zeroResults'>>

  /** Agents: how often articles were shown, opened, and solved the problem, in the last `days`. */
  deflections(
    input?: Input<'knowledge.deflections'>,
    options?: CallOptions,
  ): Promise<Output<'knowledge.deflections'>>
}

export const knowledgeApi = (call: Caller): KnowledgeApi =>
  methodsOf('knowledge')<KnowledgeApi>(call, {
    search: 'query',
    get: 'query',
    categories: 'query',
    suggest: 'query',
    feedback: 'mutation',
    solvedIt: 'mutation',
    articles: 'query',
    article: 'query',
    create: 'mutation',
    update: 'mutation',
    publish: 'mutation',
    archive: 'mutation',
    versions: 'query',
    version: 'query',
    restore: 'mutation',
    preview: 'query',
    zeroResults: 'query',
    deflections: 'query',
  })
