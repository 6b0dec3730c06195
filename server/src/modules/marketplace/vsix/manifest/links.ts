import type { Findings } from '../findings.ts'
import { isObject } from './json.ts'
import { PACKAGE_JSON } from './package-json.ts'
import type { VsixManifest } from './vsix-manifest.ts'

const LINKS = 'Microsoft.VisualStudio.Services.Links.'

/** A link runs code where it is clicked. Control characters and blanks are ignored by browsers, so here too. */
export const isScriptLink = (link: string): boolean =>
  /^(?:javascript|vbscript|data:(?!image\/(?:png|jpe?g|gif|webp|avif)[;,]))/i.test(
    link.replace(/[\p{Cc}\s]+/gu, ''),
  )

/** A link for people, or nothing: other schemes (`git+ssh:`) lead nowhere in a browser. */
function webLink(link: string | undefined): string | undefined {
  if (!link || link.length > 2_000 || !URL.canParse(link)) return undefined
  return /^https?:$/.test(new URL(link).protocol) ? link : undefined
}

export interface Links {
  repositoryUrl?: string
  homepageUrl?: string
  bugsUrl?: string
}

/** vsce has turned `user/repo` and the like into addresses; they are taken from where it wrote them. */
export function readLinks(manifest: Record<string, unknown>, vsix: VsixManifest, findings: Findings): Links {
  for (const [where, link] of linksOf(manifest, vsix)) {
    if (!isScriptLink(link)) continue
    findings.error('script-link', `${where} is a link that runs code.`, { file: PACKAGE_JSON })
  }
  return {
    repositoryUrl: webLink(vsix.properties.get(`${LINKS}Source`)?.replace(/\.git$/, '')),
    homepageUrl: webLink(vsix.properties.get(`${LINKS}Learn`)),
    bugsUrl: webLink(vsix.properties.get(`${LINKS}Support`)),
  }
}

function* linksOf(manifest: Record<string, unknown>, vsix: VsixManifest): Generator<[string, string]> {
  for (const [id, value] of vsix.properties) if (/Link/.test(id)) yield [id, value]
  for (const field of ['homepage', 'repository', 'bugs', 'sponsor', 'qna']) {
    const value = manifest[field]
    const link = isObject(value) ? value.url : value
    if (typeof link === 'string') yield [field, link]
  }
  const badges: unknown[] = Array.isArray(manifest.badges) ? manifest.badges : []
  for (const badge of badges.filter(isObject)) {
    for (const link of [badge.url, badge.href]) if (typeof link === 'string') yield ['badges', link]
  }
}
