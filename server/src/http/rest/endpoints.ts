import type { ProcedureMeta } from '../../trpc.ts'
import { type KnownProcedure, procedures } from '../procedures.ts'

/** Where the REST routes start. */
export const REST_BASE = '/api/v1'

/** A procedure that is offered as REST. */
export interface Endpoint {
  procedure: KnownProcedure
  openapi: NonNullable<ProcedureMeta['openapi']>
  /** Names in braces in the path. */
  parameters: string[]
  /** Whether the input comes as a JSON body; otherwise from the query string. */
  hasBody: boolean
}

/** All of them; fixed paths before those with parameters, so that `/licenses/search` is not taken for an id. */
export const endpoints: readonly Endpoint[] = [...procedures.values()]
  .flatMap((procedure): Endpoint[] => {
    const { openapi } = procedure.meta
    if (!openapi || procedure.type === 'subscription') return []
    const parameters = [...openapi.path.matchAll(/\{(\w+)\}/g)].flatMap((match) => match[1] ?? [])
    return [
      { procedure, openapi, parameters, hasBody: openapi.method !== 'GET' && openapi.method !== 'DELETE' },
    ]
  })
  .sort((a, b) => a.parameters.length - b.parameters.length)
