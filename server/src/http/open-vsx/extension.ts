import {
  type Address,
  getExtension,
  getReviews,
  listVersionReferences,
  listVersions,
} from '../../modules/marketplace/service/open-vsx/look-up.ts'
import { unpublish } from '../../modules/marketplace/service/open-vsx/publish.ts'
import { sendDoorFile } from './files.ts'
import { type DoorAnswer, json } from './json.ts'
import { deletionBody } from './publish.ts'
import { isPlatform, notHere, pageParameters, parameters, referenceParameters } from './request.ts'

/** Names in a path that can be neither a platform nor a version. */
const NAME = /^[a-z0-9_][a-z0-9._~+-]{0,149}$/i
const VERSION = /^(?:latest|pre-release|\d[0-9a-z.+-]{0,99})$/i

/** `/api/{namespace}/{extension}[/{target}][/{version}][/…]`. @returns what answers it, with the pattern for the log */
export function extensionRoute(
  method: string,
  [namespace = '', name = '', ...rest]: string[],
): { route: string; answer: DoorAnswer } {
  const base = '/api/:namespace/:extension'
  if (!NAME.test(namespace) || !NAME.test(name)) throw notHere()
  const targetPlatform = isPlatform(rest[0]) ? rest.shift() : undefined
  const address: Address = { namespace, name, targetPlatform }
  const [first, second, ...more] = rest
  if (method === 'POST') {
    if (first !== 'delete' || second !== undefined || targetPlatform !== undefined) throw notHere()
    return { route: `${base}/delete`, answer: (request) => removed(request, namespace, name) }
  }
  if (first === undefined) {
    const answer: DoorAnswer = async ({ ctx, viewer }) =>
      json(await getExtension(ctx, address, await viewer()))
    return { route: base, answer }
  }
  if (second === undefined && first === 'reviews' && targetPlatform === undefined) {
    return { route: `${base}/reviews`, answer: async ({ ctx }) => json(await getReviews(ctx, address)) }
  }
  if (second === undefined && first === 'versions') {
    const answer: DoorAnswer = async ({ ctx, query }) =>
      json(await listVersions(ctx, address, parameters(pageParameters, query)))
    return { route: `${base}/versions`, answer }
  }
  if (second === undefined && first === 'version-references') {
    const answer: DoorAnswer = async ({ ctx, query, viewer }) =>
      json(await listVersionReferences(ctx, address, parameters(referenceParameters, query), await viewer()))
    return { route: `${base}/version-references`, answer }
  }
  if (!VERSION.test(first)) throw notHere()
  const exact = { ...address, version: first }
  if (second === undefined) {
    const answer: DoorAnswer = async ({ ctx, viewer }) => json(await getExtension(ctx, exact, await viewer()))
    return { route: `${base}/:version`, answer }
  }
  const [fileName, ...beyond] = more
  if (second !== 'file' || fileName === undefined || beyond.length > 0) throw notHere()
  return {
    route: `${base}/:version/file/:name`,
    answer: (request) => sendDoorFile(request, exact, fileName),
  }
}

const removed = async (
  request: Parameters<DoorAnswer>[0],
  namespace: string,
  name: string,
): Promise<Response> => {
  const ctx = await request.author()
  const versions = await deletionBody(request)
  return json({ success: await unpublish(ctx, { namespace, name, versions }) })
}
