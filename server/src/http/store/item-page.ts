import { html, raw } from 'hono/html'
import type { StoreItem } from '../../modules/marketplace/service/gallery/item.ts'
import type { Markup } from '../forms.ts'
import { banners } from './banners.ts'
import { day, icon, isWebAddress, money, number, searchPath, size, stars } from './layout.ts'

export const assetPath = (
  { publisherName, name }: { publisherName: string; name: string },
  version: string,
  asset: string,
  targetPlatform: string,
): string => {
  const platform = targetPlatform === 'universal' ? '' : `?targetPlatform=${targetPlatform}`
  return `/vscode/asset/${publisherName}/${name}/${version}/${asset}${platform}`
}

/** The page of an extension in the store. */
export function itemPage(item: StoreItem): Markup {
  const { extension, readme, changelog, versions, reviews } = item
  return html`
${banners(extension)}
${head(item)}
${getIt(item)}
<div class="columns">
<div>
<nav class="tabs" aria-label="On this page"><a href="#details">Details</a>${changelog === null ? '' : html`<a href="#changelog">Changelog</a>`}<a href="#versions">Versions</a><a href="#reviews">Reviews (${number(reviews.rating.count)})</a></nav>
<section id="details" aria-label="Details"><div class="readme">${readme === null ? html`<p class="soft">The author wrote no README.</p>` : raw(readme)}</div></section>
${
  changelog === null
    ? ''
    : html`<section id="changelog"><details><summary><strong>Changelog</strong></summary><div class="readme">${raw(changelog)}</div></details></section>`
}
<section id="versions"><h2>Versions</h2><table>
<thead><tr><th scope="col">Version</th><th scope="col">Published</th><th scope="col">Made for</th></tr></thead>
<tbody>${versions.map(
    (
      version,
    ) => html`<tr><td>${version.version}${version.preRelease ? html` <span class="badge">pre-release</span>` : ''}${version.yanked ? html` <span class="badge">withdrawn</span>` : ''}</td>
<td>${day(version.publishedAt)}</td><td>${version.targetPlatforms.join(', ')}</td></tr>`,
  )}</tbody></table></section>
<section id="reviews"><h2>Reviews</h2>${reviews.items.length === 0 ? html`<p class="soft">Nobody has written one yet. Ratings are given in the editor.</p>` : reviews.items.map(review)}</section>
</div>
${side(item)}
</div>`
}

function head({ extension, shown, reviews: { rating } }: StoreItem): Markup {
  const picture = shown.assets.icon
    ? assetPath(
        extension,
        shown.version,
        'Microsoft.VisualStudio.Services.Icons.Default',
        shown.targetPlatform,
      )
    : null
  return html`<div class="head">${icon(picture, extension.displayName, 128)}<div>
<h1>${extension.displayName}${extension.preview ? html` <span class="badge">preview</span>` : ''}${extension.paid ? html` <span class="badge">paid</span>` : ''}</h1>
<ul class="facts"><li><a href="${searchPath(`publisher:"${extension.publisherName}"`)}">${extension.publisherDisplayName}</a>${
    extension.verifiedDomain === null
      ? ''
      : html` <span class="verified" title="The publisher proved to own this domain">✓ ${extension.verifiedDomain}</span>`
  }</li>
<li>${number(extension.installs)} installs</li>
<li>${rating.average === null ? html`<span class="soft">not rated yet</span>` : html`${stars(rating.average)} ${rating.average.toFixed(1)} (${number(rating.count)})`}</li></ul>
<p>${extension.description}</p></div></div>`
}

/** How to have it: what to do in the editor, and what it costs. */
function getIt({ extension, shown, price }: StoreItem): Markup {
  const id = `${extension.publisherName}.${extension.name}`
  const install = html`<p>Press <kbd>Ctrl</kbd> <kbd>P</kbd> in your editor and enter</p><pre><code>ext install ${id}</code></pre>`
  if (!extension.paid) {
    const path = `/vscode/gallery/publishers/${extension.publisherName}/vsextensions/${extension.name}/${shown.version}/vspackage`
    const platform = shown.targetPlatform === 'universal' ? '' : `?targetPlatform=${shown.targetPlatform}`
    return html`<section class="get" aria-label="Install"><h2>Install</h2>${install}
<p class="small"><a href="${path}${platform}" download>Download ${shown.version}${platform ? ` for ${shown.targetPlatform}` : ''}</a> <span class="soft">(${size(shown.sizeBytes)}), to install from a file</span></p></section>`
  }
  const amount = price === null ? 'Paid' : money(price.amountMinor, price.currency)
  return html`<section class="get" aria-label="Buy"><h2>${amount}</h2>
<p>Sign in to Dev Forge in your editor, open this extension there and choose <strong>Buy</strong>. It is yours for every device of your account.</p>
<p class="soft small">Bought already? Signed in, install it as any other:</p>${install}</section>`
}

function review(one: StoreItem['reviews']['items'][number]): Markup {
  const known =
    one.verified === 'purchase' ? 'verified purchase' : one.verified === 'install' ? 'verified install' : null
  return html`<article class="review"><h3>${stars(one.stars)} ${one.title}</h3>
<p class="soft small">${one.author.name} · ${day(one.createdAt)}${one.version ? html` · ${one.version}` : ''}${known ? html` · <span class="verified">✓ ${known}</span>` : ''}</p>
<p>${one.body}</p>${
    one.reply
      ? html`<div class="reply"><p class="soft small">${one.reply.publisher} answered · ${day(one.reply.at)}</p><p>${one.reply.body}</p></div>`
      : ''
  }</article>`
}

function side({ extension, shown }: StoreItem): Markup {
  const links: [string, string | null][] = [
    ['Source code', extension.repositoryUrl],
    ['Homepage', extension.homepageUrl],
    ['Problems', extension.bugsUrl],
  ]
  const given = links.flatMap(([text, url]) => (isWebAddress(url) ? [{ text, url }] : []))
  // Editors mark some tags for themselves.
  const tags = extension.tags.filter((tag) => !tag.startsWith('__'))
  const list = (ids: string[]): Markup =>
    html`<ul>${ids.map((id) => html`<li><a href="/vscode/item?itemName=${encodeURIComponent(id)}">${id}</a></li>`)}</ul>`
  return html`<aside aria-label="About">
<section><h2>About</h2><dl>
<dt>Identifier</dt><dd><code>${extension.publisherName}.${extension.name}</code></dd>
<dt>Version</dt><dd>${shown.version}</dd>
${extension.releasedAt ? html`<dt>Updated</dt><dd>${day(extension.releasedAt)}</dd>` : ''}
${extension.publishedAt ? html`<dt>First published</dt><dd>${day(extension.publishedAt)}</dd>` : ''}
<dt>Needs editor</dt><dd>${shown.engine}</dd>
<dt>Made for</dt><dd>${extension.targetPlatforms.join(', ')}</dd>
${extension.license ? html`<dt>License</dt><dd>${extension.license}</dd>` : ''}
<dt>SHA-256</dt><dd><code class="small">${shown.sha256}</code></dd>
<dt>Signed with</dt><dd><code class="small">${shown.signatureKid}</code></dd>
</dl></section>
${given.length > 0 ? html`<section><h2>Links</h2><ul>${given.map(({ text, url }) => html`<li><a href="${url}" rel="nofollow ugc noopener noreferrer">${text}</a></li>`)}</ul></section>` : ''}
${extension.categories.length + tags.length > 0 ? html`<section><h2>Categories and tags</h2><div class="tags">${extension.categories.map((name) => html`<a href="${searchPath(`category:"${name}"`)}">${name}</a>`)}${tags.map((name) => html`<a href="${searchPath(`tag:"${name}"`)}">${name}</a>`)}</div></section>` : ''}
${shown.dependencies.length > 0 ? html`<section><h2>Needs</h2>${list(shown.dependencies)}</section>` : ''}
${shown.packMembers.length > 0 ? html`<section><h2>In this pack</h2>${list(shown.packMembers)}</section>` : ''}
</aside>`
}
