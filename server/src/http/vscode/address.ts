import type { Context } from 'hono'
import { AppError } from '../../errors.ts'
import type { HttpEnv } from '../context.ts'
import { decode, queryParameter } from '../json-input.ts'

/** The extension and version that an address names. */
export interface Address {
  /** `publisher.name`. */
  name: string
  version: string
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/i
const VERSION = /^\d[0-9a-z.+-]{0,99}$/i

const notThere = (id: string): AppError => new AppError('EXTENSION_NOT_FOUND', { id })

/** `publisher.name` from the address. @throws AppError EXTENSION_NOT_FOUND for what cannot be a name */
export function nameOf(c: Context<HttpEnv>): string {
  const publisher = c.req.param('publisher') ?? ''
  const name = c.req.param('name') ?? ''
  if (!NAME.test(publisher) || !NAME.test(name)) throw notThere(`${publisher}.${name}`.slice(0, 200))
  return `${publisher}.${name}`
}

/** @throws AppError EXTENSION_NOT_FOUND for what cannot be a version of an extension */
export function addressOf(c: Context<HttpEnv>): Address {
  const name = nameOf(c)
  const version = c.req.param('version') ?? ''
  if (!VERSION.test(version)) throw notThere(name)
  return { name, version }
}

/**
 * What follows the first `segments` segments of the path, decoded strictly, without a way up.
 * @throws AppError INVALID_INPUT NOT_FOUND
 */
export function restOfPath(c: Context<HttpEnv>, segments: number): string {
  const { url } = c.req.raw
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const end = url.indexOf('?', start)
  const parts = (end === -1 ? url.slice(start) : url.slice(start, end)).split('/').slice(1 + segments)
  const decoded = parts.map(decode)
  for (const part of decoded) {
    if (part === '' || part === '.' || part === '..' || /[\0\\/]/.test(part))
      throw new AppError('NOT_FOUND', { what: 'file' })
  }
  return decoded.join('/')
}

/** A parameter of the query, decoded strictly. @throws AppError INVALID_INPUT */
export function parameter(c: Context<HttpEnv>, name: string): string | undefined {
  const { url } = c.req.raw
  const mark = url.indexOf('?')
  return mark === -1 ? undefined : queryParameter(url.slice(mark + 1), name)
}
