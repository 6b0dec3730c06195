import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDevForge } from '@devforge/sdk'
import { errorCatalog } from '@devforge/server/errors'
import { procedures } from '@devforge/server/http/procedures'
import { describe, expect, test } from 'vitest'
import { answer, fakeServer } from './support/fake-server.ts'

/** Modules whose methods are made of names, with methods that are made of procedures but are none themselves. */
const MODULES: Record<string, string[]> = {
  marketplace: ['submit', 'fetchPackage'],
  tickets: ['uploadAttachment'],
  knowledge: [],
}

type AnyMethod = (input: object) => unknown

/** Of the SDK itself. */
const LOCAL_CODES = ['NETWORK', 'TIMEOUT', 'ABORTED', 'LOCAL_FAILURE', 'LEASE_INVALID', 'PACKAGE_INVALID']

test('every error that a comment promises is one that there is', async () => {
  const folder = join(import.meta.dirname, '../../sdk/src')
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'))
  const sources = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
  const promised = sources
    .flatMap((source) => source.match(/@throws(?:(?!\*\/|\n\s*\* @)[\s\S])*/g) ?? [])
    .flatMap((text) => text.match(/\b[A-Z]{2,}(?:_[A-Z]+)+\b/g) ?? [])
  expect(promised.length).toBeGreaterThan(50)
  const known = [...Object.keys(errorCatalog), ...LOCAL_CODES]
  expect([...new Set(promised)].filter((code) => !known.includes(code))).toEqual([])
})

describe.each(Object.entries(MODULES))('forge.%s', (module, helpers) => {
  const onServer = [...procedures.values()].filter(({ path }) => path.startsWith(`${module}.`))
  const nameOf = (path: string): string => path.slice(module.length + 1)
  const methodsOf = (forge: object): Record<string, AnyMethod> => ({
    ...(forge as Record<string, Record<string, AnyMethod>>)[module],
  })

  test('has a method for every procedure, and no other', () => {
    const methods = Object.keys(methodsOf(createDevForge({ url: 'https://forge.test' })))
    const expected = [...onServer.map(({ path }) => nameOf(path)), ...helpers]
    expect(methods.sort()).toEqual(expected.sort())
  })

  test.each(onServer.map(({ path, type }) => ({ path, type })))(
    '$path is what its method calls',
    async ({ path, type }) => {
      const server = fakeServer(() =>
        type === 'subscription'
          ? {
              raw: new Response('event: return\ndata: \n\n', {
                headers: { 'content-type': 'text/event-stream' },
              }),
            }
          : answer({ items: [] }),
      )
      const forge = createDevForge({ url: 'https://forge.test', fetch: server.fetch, apiToken: 'dfp_x' })
      const call = async (): Promise<void> => {
        const result = methodsOf(forge)[nameOf(path)]?.({ id: 'x' })
        if (type === 'subscription') for await (const entry of result as AsyncIterable<unknown>) void entry
        else await result
      }
      // Two at once: queries of one tick share a request, what changes something has one of its own.
      await Promise.all([call(), call()])
      expect(server.calls.map((one) => one.path)).toEqual([path, path])
      expect(server.requests).toBe(type === 'query' ? 1 : 2)
      expect(server.calls[0]?.method).toBe(type === 'subscription' ? 'GET' : 'POST')
    },
  )

  test.each(onServer.map(({ path, meta }) => ({ path, isPublic: meta.access === 'public' })))(
    '$path: whether a token goes along',
    async ({ path, isPublic }) => {
      const seen: (string | null)[] = []
      const forge = createDevForge({
        url: 'https://forge.test',
        apiToken: 'dfp_x',
        retries: 0,
        fetch: async (_, init) => {
          seen.push(new Headers(init?.headers).get('authorization'))
          return Response.json({ error: { code: 'NOT_FOUND', message: 'no' } }, { status: 404 })
        },
      })
      const result = methodsOf(forge)[nameOf(path)]?.({ id: 'x' })
      const wait = async () => {
        if (result instanceof Promise) await result
        else for await (const entry of result as AsyncIterable<unknown>) void entry
      }
      await wait().catch(() => {})
      // What anybody may see must not wait for a session that cannot be refreshed. A download may be of a paid extension, and of
      // the help some articles are for customers.
      const mayBeMore = path === 'marketplace.download' || path.startsWith('knowledge.')
      expect(seen).toEqual([isPublic && !mayBeMore ? null : 'Bearer dfp_x'])
    },
  )
})
