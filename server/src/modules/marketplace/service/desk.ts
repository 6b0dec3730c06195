import type { Ctx } from '../../../context.ts'
import { extensionsNamed } from '../queries/named.ts'

/** What support sees of extensions by their names, `publisher.name` in any case; of those that were never published nothing. */
export function extensionsForSupport(ctx: Ctx, identifiers: string[]) {
  if (identifiers.length === 0) return Promise.resolve([])
  return extensionsNamed(
    ctx.db,
    identifiers.map((name) => name.toLowerCase()),
  )
}
