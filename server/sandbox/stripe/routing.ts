import type { Context } from './context.ts'
import type { Engine } from './engine.ts'
import type { Params } from './params.ts'

/** What a handler gets: the request's context, its parameters and the ids in its path. */
export interface Call {
  ctx: Context
  params: Params
  /** A path parameter by name. */
  path: (name: string) => string
  engine: Engine
}

export interface Route {
  method: 'get' | 'post' | 'delete'
  path: string
  /** Answers the object to show; it is stripped and expanded afterwards. */
  run: (call: Call) => object
}

export const get = (path: string, run: Route['run']): Route => ({ method: 'get', path, run })
export const post = (path: string, run: Route['run']): Route => ({ method: 'post', path, run })
export const del = (path: string, run: Route['run']): Route => ({ method: 'delete', path, run })
