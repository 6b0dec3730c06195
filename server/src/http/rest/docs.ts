import { readFile } from 'node:fs/promises'
import { createRequire, findPackageJSON } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import type { Hono } from 'hono'
import type { Deps } from '../../deps.ts'
import type { HttpEnv } from '../context.ts'
import { pageHeaders } from '../headers.ts'
import { openApiDocument } from './document.ts'

const require = createRequire(import.meta.url)
const compress = promisify(brotliCompress)
/** Where the finished script of Scalar's API reference lies in an npm package; so the page needs no CDN and works offline. */
const SCALAR = '@scalar/fastify-api-reference'
const SCRIPT_URL = '/docs/scalar.js'
const DAY_SECONDS = 86_400

const { version }: { version: string } = require('../../../package.json')

/** `/openapi.json`, and `/docs` for people. */
export function mountDocs(app: Hono<HttpEnv>, { env }: Deps): void {
  let document: string | undefined
  app.get('/openapi.json', (c) => {
    document ??= JSON.stringify(openApiDocument(env.PUBLIC_URL, version))
    return c.body(document, 200, {
      'content-type': 'application/json',
      'cache-control': 'public, max-age=60',
      'cross-origin-resource-policy': 'cross-origin',
    })
  })

  app.get('/docs', (c) =>
    c.body(PAGE, 200, {
      // Scalar sets styles on elements and compiles nothing; "Try it" calls this server only.
      ...pageHeaders({
        script: "'self'",
        style: "'self' 'unsafe-inline'",
        connect: "'self'",
        font: "'self' data:",
        image: "'self' data: blob:",
        worker: "'self' blob:",
      }),
    }),
  )

  app.get('/docs/start.js', (c) =>
    c.body(START_SCRIPT, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  )

  let script: Promise<{ plain: Uint8Array<ArrayBuffer>; small: Uint8Array<ArrayBuffer> }> | undefined
  app.get(SCRIPT_URL, async (c) => {
    script ??= loadScript()
    const { plain, small } = await script
    const takesBrotli = /\bbr\b/.test(c.req.header('accept-encoding') ?? '')
    return c.body(takesBrotli ? small : plain, 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': `public, max-age=${DAY_SECONDS}`,
      vary: 'Accept-Encoding',
      ...(takesBrotli ? { 'content-encoding': 'br' } : {}),
    })
  })
}

async function loadScript() {
  const found = findPackageJSON(SCALAR, import.meta.url)
  if (!found) throw new Error(`${SCALAR} is not installed`)
  const file = join(found, '..', 'dist', 'js', 'standalone.js')
  const plain = new Uint8Array(await readFile(file))
  const small = new Uint8Array(await compress(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }))
  return { plain, small }
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dev Forge API</title>
</head>
<body>
<div id="app"></div>
<noscript>This page needs JavaScript. The API is described by <a href="/openapi.json">openapi.json</a>.</noscript>
<script src="${SCRIPT_URL}"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

// Nothing of Scalar's that calls home: no fonts, no proxy, no telemetry, no assistant.
const START_SCRIPT = `Scalar.createApiReference('#app', {
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
  persistAuth: false,
})
`
