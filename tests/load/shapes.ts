import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDevForge, type DevForge } from '@devforge/sdk'
import type { KnownLicense } from './dataset.ts'

/** How a contender is asked. */
export interface Shape {
  /** `bare`: the input alone as JSON. `batch`: what the SDK sends, also for one call. */
  kind: 'bare' | 'batch'
  path: string
  headers: [string, string][]
  /** Calls in one request. */
  calls: number
}

export const inputOf = ({ key, fingerprint }: KnownLicense) =>
  fingerprint === null ? { key } : { key, fingerprint }

/** The body that asks about `licenses`, as many as the shape has calls. */
export function bodyOf({ kind }: Shape, licenses: KnownLicense[]): string {
  const inputs = licenses.map(inputOf)
  if (kind === 'bare') return JSON.stringify(inputs[0])
  return JSON.stringify(Object.fromEntries(inputs.map((json, place) => [place, { json }])))
}

export interface Captured {
  method: string
  path: string
  headers: [string, string][]
  body: string
}

/**
 * What the SDK really sends, caught on the wire: the bench then asks every contender with these headers, and ours with this very request.
 * @throws when `bodyOf` would build another body than the SDK
 */
export async function captureShapes(
  sample: KnownLicense[],
): Promise<Record<'lone' | 'single' | 'ten' | 'bare', Shape>> {
  const [first] = sample
  if (!first || sample.length < 10) throw new Error('ten licenses are needed')
  const lone = await capture((forge) => forge.licenses.validate(inputOf(first)))
  const single = await capture((forge) => forge.licenses.validate(inputOf(first), { batch: false }))
  const ten = await capture((forge) =>
    Promise.all(sample.slice(0, 10).map((license) => forge.licenses.validate(inputOf(license)))),
  )
  const shape = (kind: Shape['kind'], { path, headers, body }: Captured, calls: number): Shape => {
    const built: Shape = { kind, path, headers, calls }
    if (bodyOf(built, sample.slice(0, calls)) !== body) throw new Error(`the SDK sends another body: ${body}`)
    return built
  }
  return {
    lone: shape('batch', lone, 1),
    single: shape('batch', single, 1),
    ten: shape('batch', ten, 10),
    bare: { kind: 'bare', path: '/validate', headers: single.headers, calls: 1 },
  }
}

/** The one request that `ask` makes. */
export async function capture(ask: (forge: DevForge) => Promise<unknown>): Promise<Captured> {
  const requests: Captured[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const headers = Object.entries(request.headersDistinct)
        // What depends on the server and the body is set for each request.
        .filter(([name]) => name !== 'host' && name !== 'content-length')
        .map(([name, values]): [string, string] => [name, values?.join(', ') ?? ''])
      requests.push({
        method: request.method ?? '',
        path: request.url ?? '',
        headers,
        body: Buffer.concat(chunks).toString(),
      })
      response.writeHead(400).end()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  // It gets no good answer; what it asked is all that matters.
  await ask(createDevForge({ url: `http://127.0.0.1:${port}`, retries: 0 })).catch(() => {})
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const [request] = requests
  if (requests.length !== 1 || !request || request.method !== 'POST')
    throw new Error(`the SDK made ${requests.length} requests where one POST was expected`)
  return request
}
