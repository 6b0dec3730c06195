import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Deps } from './deps.ts'
import { AppError } from './errors.ts'
import { mountAccountPages } from './http/account-pages.ts'
import { mountAttachmentFiles, mountAttachmentUpload } from './http/attachments.ts'
import { mountAuth } from './http/auth.ts'
import type { HttpEnv } from './http/context.ts'
import { mountDevMail } from './http/dev-mail.ts'
import { createEdge } from './http/edge.ts'
import { answerError } from './http/errors.ts'
import { type Lifecycle, mountHealth } from './http/health.ts'
import { mountHelp } from './http/help/routes.ts'
import { mountHome } from './http/home.ts'
import { mountInboundMail } from './http/inbound-mail.ts'
import { MAX_BODY_BYTES } from './http/json-input.ts'
import { mountMailPages } from './http/mail-pages.ts'
import { mountFallbacks } from './http/not-found.ts'
import { mountOpenVsx } from './http/open-vsx/routes.ts'
import { mountPackageFiles } from './http/package-files.ts'
import { mountDocs } from './http/rest/docs.ts'
import { mountRest } from './http/rest/routes.ts'
import { mountServiceRoutes } from './http/service-routes.ts'
import { mountStore } from './http/store/routes.ts'
import { mountStripeWebhook } from './http/stripe-webhook.ts'
import { mountTrpc } from './http/trpc.ts'
import { mountUpload } from './http/upload.ts'
import { mountGallery } from './http/vscode/routes.ts'

/** The Hono app over its dependencies. Opens nothing and listens nowhere: tests call `app.request`. */
export function createApp(deps: Deps, lifecycle: Lifecycle = { stopping: false }): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>()
  const edge = createEdge(deps)
  // First, so that no middleware stands before the hot path.
  mountTrpc(app, deps, edge)
  mountGallery(app, deps, edge)
  mountOpenVsx(app, deps, edge)
  app.use(edge.middleware)
  // Files and mails are larger than any other body, and limited by themselves.
  mountUpload(app, deps)
  mountAttachmentUpload(app, deps)
  mountInboundMail(app, deps)
  app.on(
    ['POST', 'PUT', 'PATCH', 'DELETE'],
    '*',
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) => answerError(c, new AppError('PAYLOAD_TOO_LARGE', { limitBytes: MAX_BODY_BYTES })),
    }),
  )
  mountHome(app, deps)
  mountStore(app, deps)
  mountHelp(app, deps)
  mountHealth(app, deps, lifecycle)
  mountServiceRoutes(app, deps)
  mountAuth(app, deps)
  mountAccountPages(app, deps)
  mountMailPages(app, deps)
  mountStripeWebhook(app, deps)
  mountPackageFiles(app, deps)
  mountAttachmentFiles(app, deps)
  mountRest(app, deps)
  mountDocs(app, deps)
  mountDevMail(app, deps)
  mountFallbacks(app, deps)
  return app
}
