import { html } from 'hono/html'
import type { StoreItem } from '../../modules/marketplace/service/gallery/item.ts'
import type { Markup } from '../forms.ts'
import { itemPath } from './layout.ts'

type Extension = StoreItem['extension']

/** What somebody must know before anything else. */
export function banners({ deprecatedAt, deprecationMessage, replacedBy }: Extension): Markup {
  if (deprecatedAt === null) return html``
  return html`<div class="banner" role="note"><p><strong>This extension is deprecated.</strong> ${deprecationMessage ?? ''}</p>
${replacedBy === null ? '' : html`<p>Use <a href="${itemPath(replacedBy)}">${replacedBy}</a> instead.</p>`}</div>`
}

/** The page of an extension that is not there any more. */
export function gonePage({ displayName, identifier, maliciousAt, takenDownAt }: Extension): Markup {
  const what =
    maliciousAt !== null
      ? html`<p><strong>It was found to be harmful.</strong> Editors remove it by themselves. If you had it, change passwords and tokens that were on that machine.</p>`
      : takenDownAt !== null
        ? html`<p><strong>It was taken down by a moderator.</strong></p>`
        : html`<p><strong>Its author removed it.</strong></p>`
  return html`<h1>${displayName}</h1><p class="soft"><code>${identifier}</code></p>
<div class="banner ${maliciousAt === null ? '' : 'bad'}" role="alert">${what}<p>Nobody else can publish under this name.</p></div>`
}
