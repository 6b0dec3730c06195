import type { Context } from './context.ts'
import { invalid, missing } from './errors.ts'
import type { Params } from './params.ts'
import type { Page, Where } from './store.ts'
import type { Kind, Kinds, List } from './types.ts'

/** `limit`, cursors and `created` of a list call. https://docs.stripe.com/api/pagination */
export function readPage(ctx: Context, params: Params, seqOf = (id: string) => ctx.store.seqOf(id)): Page {
  const limit = params.int('limit') ?? 10
  if (limit < 1 || limit > 100) {
    throw invalid('This value must be between 1 and 100 (inclusive).', 'limit', 'parameter_invalid_integer')
  }
  const cursor = (name: 'starting_after' | 'ending_before'): number | undefined => {
    const id = params.str(name)
    if (id === undefined) return undefined
    const seq = seqOf(id)
    if (seq === undefined) throw missing('object', id, name)
    return seq
  }
  return {
    limit,
    startingAfterSeq: cursor('starting_after'),
    endingBeforeSeq: cursor('ending_before'),
    ...readCreated(params),
  }
}

function readCreated(params: Params): Pick<Page, 'createdFrom' | 'createdTo'> {
  const raw = params.raw('created')
  if (raw === undefined) return {}
  if (typeof raw === 'string') {
    const exact = params.needInt('created')
    return { createdFrom: exact, createdTo: exact }
  }
  const range = params.obj('created')
  const [gt, gte, lt, lte] = [range?.int('gt'), range?.int('gte'), range?.int('lt'), range?.int('lte')]
  return {
    createdFrom: gte ?? (gt === undefined ? undefined : gt + 1),
    createdTo: lte ?? (lt === undefined ? undefined : lt - 1),
  }
}

/** One page of stored objects. Read every other parameter first: this ends the reading. */
export function listOf<K extends Kind>(
  ctx: Context,
  kind: K,
  params: Params,
  url: string,
  where: Where = {},
  keep: (object: Kinds[K]) => boolean = () => true,
): List<Kinds[K]> {
  const page = readPage(ctx, params)
  params.done()
  // `keep` filters after SQL, so the limit is applied here.
  const found = ctx.store.list(kind, where, { ...page, limit: -1 }, ctx.account).filter(keep)
  const { data, more } = cut(found, page)
  return { object: 'list', data, has_more: more, url }
}

/** Takes the page out of all that lies beyond its cursor. */
export function cut<T>(found: T[], page: Page): { data: T[]; more: boolean } {
  const more = found.length > page.limit
  const data = page.endingBeforeSeq === undefined ? found.slice(0, page.limit) : found.slice(-page.limit)
  return { data, more }
}

/** A whole list as a member of another object. */
export function embedded<T>(data: T[], url: string): List<T> {
  return { object: 'list', data, has_more: false, url }
}
