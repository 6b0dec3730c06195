import type { Context, Hono } from 'hono'
import type { Deps } from '../../deps.ts'
import { AppError } from '../../errors.ts'
import { toAppError } from '../../trpc.ts'
import { createRequestContext, type HttpEnv } from '../context.ts'
import { answerError } from '../errors.ts'
import { decode, readJsonBody } from '../json-input.ts'
import { refuseStrayInput } from '../procedures.ts'
import { bodyCoercion, parameterCoercion, shapeOf } from './coerce.ts'
import { type Endpoint, endpoints, REST_BASE } from './endpoints.ts'

/**
 * The same procedures as REST, for those without TypeScript: plain JSON, dates as ISO 8601 texts, typed errors.
 * Schemas are only read: trpc-to-openapi's handler, which was tried first, makes the shared schemas coerce and so loosens tRPC's
 * validation with the first REST call.
 */
export function mountRest(app: Hono<HttpEnv>, deps: Deps): void {
  const methods = new Map<string, string[]>()
  for (const endpoint of endpoints) {
    const path = REST_BASE + endpoint.openapi.path.replaceAll(/\{(\w+)\}/g, ':$1')
    const { method } = endpoint.openapi
    const readInput = inputReader(endpoint)
    app.on(method, path, async (c) => {
      c.set('route', endpoint.procedure.path)
      try {
        const ctx = createRequestContext(deps, c, { requestId: c.get('requestId'), ip: c.get('clientIp') })
        const input = await readInput(c)
        refuseStrayInput(endpoint.procedure, input)
        const output = await endpoint.procedure.call(ctx, input)
        return output === undefined ? c.body(null, 204) : c.json(output)
      } catch (error) {
        return answerError(c, toAppError(error))
      }
    })
    methods.set(path, [...(methods.get(path) ?? []), method])
  }
  for (const [path, allowed] of methods) {
    app.all(path, (c) => answerError(c, new AppError('METHOD_NOT_ALLOWED'), { allow: allowed.join(', ') }))
  }
}

function inputReader({
  procedure,
  parameters,
  hasBody,
}: Endpoint): (c: Context<HttpEnv>) => Promise<unknown> {
  const { input } = procedure
  const coerceParameter = parameterCoercion((input && shapeOf(input)) ?? {})
  const coerceBody = input && bodyCoercion(input)
  const parameter = (name: string, values: string[]): unknown =>
    (coerceParameter.get(name) ?? ((all: string[]) => (all.length === 1 ? all[0] : all)))(values)

  return async (c) => {
    const result = new Map<string, unknown>()
    if (hasBody) {
      const body = await readJsonBodyIfAny(c.req.raw)
      const coerced = coerceBody ? coerceBody(body) : body
      if (parameters.length === 0) return coerced ?? {}
      if (
        coerced !== undefined &&
        (typeof coerced !== 'object' || coerced === null || Array.isArray(coerced))
      )
        return coerced
      for (const [name, value] of Object.entries(coerced ?? {})) result.set(name, value)
    } else {
      for (const [name, values] of queryOf(c.req.raw.url)) result.set(name, parameter(name, values))
    }
    // The path says which thing it is about; a body or query cannot say otherwise.
    for (const name of parameters)
      result.set(name, parameter(name, [withoutNul(name, c.req.param(name) ?? '')]))
    return Object.fromEntries(result)
  }
}

/** Calls whose input may be empty need no body, and then no content type. */
async function readJsonBodyIfAny(request: Request): Promise<unknown> {
  const { headers } = request
  const isEmpty =
    headers.get('content-length') === '0' || (request.body === null && !headers.has('content-type'))
  return isEmpty ? undefined : await readJsonBody(request)
}

function queryOf(url: string): Map<string, string[]> {
  const values = new Map<string, string[]>()
  const mark = url.indexOf('?')
  for (const part of mark === -1 ? [] : url.slice(mark + 1).split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const text = (raw: string) => decode(raw.replaceAll('+', ' '))
    const name = text(equals === -1 ? part : part.slice(0, equals))
    const value = equals === -1 ? '' : text(part.slice(equals + 1))
    values.set(name, [...(values.get(name) ?? []), withoutNul(name, value)])
  }
  return values
}

function withoutNul(name: string, value: string): string {
  if (!value.includes('\0')) return value
  throw new AppError('INVALID_INPUT', { issues: [{ path: name, message: 'NUL is not allowed.' }] })
}
