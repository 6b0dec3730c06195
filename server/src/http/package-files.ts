import type { Hono } from 'hono'
import type { Deps } from '../deps.ts'
import { openPackageUrl } from '../modules/marketplace/service/download.ts'
import { DOWNLOAD_TTL_SECONDS } from '../modules/marketplace/service/file-urls.ts'
import type { HttpEnv } from './context.ts'
import { sendFile } from './send-file.ts'

/** `/files/packages/…`: where `marketplace.download` points to when packages lie on disk. Also answers HEAD. */
export function mountPackageFiles(app: Hono<HttpEnv>, deps: Deps): void {
  app.get('/files/packages/:versionId/:fileName', async (c) => {
    const file = await openPackageUrl(
      { db: deps.db, deps },
      {
        versionId: c.req.param('versionId'),
        expires: c.req.query('expires') ?? '',
        signature: c.req.query('signature') ?? '',
      },
    )
    const { isPaid } = file
    // From a bucket not through here: by an address of its own, which must not be kept for longer than it is good for.
    const ttlSeconds = DOWNLOAD_TTL_SECONDS
    const location =
      c.req.raw.method === 'GET' ? await deps.files.signedUrl(file.key, { ttlSeconds, ...file }) : null
    if (location !== null) {
      return new Response(null, { status: 302, headers: { location, 'cache-control': 'no-store' } })
    }
    const response = await sendFile(deps, c, file)
    if (isPaid) response.headers.set('cache-control', 'private, no-store')
    return response
  })
}
