import type { Hono } from 'hono'
import { html } from 'hono/html'
import type { Deps } from '../deps.ts'
import type { HttpEnv } from './context.ts'
import { answerPage } from './pages.ts'

/** `/` for whoever opens the server's address in a browser. */
export function mountHome(app: Hono<HttpEnv>, { env, mail }: Deps): void {
  const showsMail = mail.directory !== null && env.NODE_ENV !== 'production'
  app.get('/', () =>
    answerPage({
      title: 'Dev Forge',
      body: html`<h1>Dev Forge</h1><p>Accounts, payments and licenses of the Dev Forge editor.</p>
        <ul class="list card">
          <li><a href="/help"><strong>Help</strong><span class="soft">articles about licenses, payments, the editor and extensions</span></a></li>
          <li><a href="/docs"><strong>API reference</strong><span class="soft">every call, to read and to try</span></a></li>
          <li><a href="/openapi.json"><strong>OpenAPI document</strong><span class="soft">for generators of clients</span></a></li>
          ${showsMail ? html`<li><a href="/dev/mail"><strong>Mail</strong><span class="soft">what would have been sent</span></a></li>` : ''}
          <li><a href="/health/ready"><strong>Health</strong><span class="soft">what works and what does not</span></a></li>
        </ul>`,
    }),
  )
}
