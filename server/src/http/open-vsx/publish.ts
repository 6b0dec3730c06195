import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { MAX_PUBLISHER_NAME, PUBLISHER_NAME } from '../../modules/marketplace/publisher-names.ts'
import { doorUrls } from '../../modules/marketplace/service/open-vsx/look-up.ts'
import {
  checkRights,
  createNamespace,
  publishPackage,
} from '../../modules/marketplace/service/open-vsx/publish.ts'
import { readJsonBody } from '../json-input.ts'
import { readUpload } from '../upload.ts'
import { answerDoorError } from './errors.ts'
import { type DoorAnswer, json } from './json.ts'
import type { DoorRequest } from './request.ts'

function parsed<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const issues = result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  throw new AppError('INVALID_INPUT', { issues })
}

const namespaceBody = z.object({
  name: z
    .string()
    .min(2)
    .max(MAX_PUBLISHER_NAME)
    .regex(PUBLISHER_NAME, 'Letters, digits and hyphens, beginning and ending with a letter or digit.'),
})

/** `POST /api/-/namespace/create {"name"}` */
export const createNamespaceAnswer: DoorAnswer = async (request) => {
  const ctx = await request.author()
  const { name } = parsed(namespaceBody, await readJsonBody(request.c.req.raw, request.c.env?.incoming))
  const created = await createNamespace(ctx, name)
  return json({ success: `Created namespace ${created}` }, 201, {
    location: doorUrls(ctx).namespace(created),
  })
}

/** `POST /api/-/publish`, the package as its body. */
export const publishAnswer: DoorAnswer = async (request) => {
  const ctx = await request.author()
  const body = readUpload(request.c, { limitBytes: request.deps.env.MAX_VSIX_BYTES, code: 'VSIX_TOO_LARGE' })
  const { location, extension } = await publishPackage(ctx, body)
  return json(extension, 201, { location })
}

/** `GET /api/{namespace}/verify-pat`. A bad token is a bad request here, as Open VSX has it. */
export const verifyPatAnswer =
  (namespace: string): DoorAnswer =>
  async (request) => {
    try {
      await checkRights(await request.author(), namespace)
    } catch (error) {
      if (!(error instanceof AppError) || !REFUSED.has(error.kind)) throw error
      const refusal = answerDoorError(request.c, error)
      return new Response(refusal.body, { status: 400, headers: { 'content-type': 'application/json' } })
    }
    return json({ success: 'Valid token' })
  }

const REFUSED: ReadonlySet<string> = new Set(['UNAUTHORIZED', 'FORBIDDEN'])

/** `GET /api/-/size-limit`: the same for all. A bad token is told here, before anything is uploaded with it. */
export const sizeLimitAnswer: DoorAnswer = async (request) => {
  if (request.hasToken) await request.author()
  return json({ maxSize: request.deps.env.MAX_VSIX_BYTES })
}

const MAX_DELETIONS = 500
const deletions = z
  .array(
    z.object({
      version: z.string().min(1).max(100),
      targetPlatform: z.string().min(1).max(40).optional(),
    }),
  )
  .min(1)
  .max(MAX_DELETIONS)

/** Which versions to delete; undefined: all, which has to be said. @throws INVALID_INPUT */
export async function deletionBody(
  request: DoorRequest,
): Promise<{ version: string; targetPlatform?: string | undefined }[] | undefined> {
  if (request.query.get('allVersions') === 'true') return undefined
  return parsed(deletions, await readJsonBody(request.c.req.raw, request.c.env?.incoming))
}
