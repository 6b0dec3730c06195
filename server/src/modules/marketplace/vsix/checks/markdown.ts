import { marked } from 'marked'
import sanitizeHtml from 'sanitize-html'
import { isCostlyMarkdown } from '../../../../markdown/cost.ts'
import type { Findings } from '../findings.ts'
import { isScriptLink } from '../manifest/links.ts'

const LINKS = ['href', 'src', 'xlink:href', 'action', 'formaction', 'poster', 'data', 'srcset', 'background']
/** They are dropped when the text is shown; authors are told. */
const DROPPED = new Set([
  'iframe',
  'object',
  'embed',
  'form',
  'meta',
  'base',
  'link',
  'style',
  'input',
  'button',
])

/**
 * Looks for code in the readme and the changelog. Whoever shows them has to clean them all the same: this tells the author, and keeps
 * those out who try. The rules on images are vsce's.
 */
export function checkMarkdown(text: string, file: string, findings: Findings): void {
  if (isCostlyMarkdown(text)) {
    findings.add({
      rule: 'not-read',
      severity: /javascript:|<script|<svg|\son\w+\s*=/i.test(text) ? 'hold' : 'info',
      message:
        'The text is so long or so entangled that it is shown as plain text; it was searched for scripts only.',
      file,
    })
    return
  }
  const add = (severity: 'error' | 'warning', rule: string, message: string, near: string) =>
    findings.add({ rule, severity, message, file, line: lineOf(text, near) })

  const visit = (tag: string, attributes: Record<string, string>) => {
    if (tag === 'script') add('error', 'readme-script', 'The text holds a <script>.', '<script')
    if (tag === 'svg') add('error', 'svg-image', 'The text holds an <svg>; use a PNG image.', '<svg')
    if (DROPPED.has(tag))
      add('warning', 'readme-html', `<${tag}> is dropped when the text is shown.`, `<${tag}`)
    for (const [name, value] of Object.entries(attributes)) {
      if (/^on[a-z]/i.test(name)) {
        add('error', 'readme-script', `The text runs code on an event (${name}).`, name)
      } else if (LINKS.includes(name) && isScriptLink(value) && !isSvgData(value)) {
        add('error', 'script-link', 'The text holds a link that runs code.', value)
      }
    }
    if (tag === 'img') checkImageSource(attributes.src ?? '', add)
  }
  sanitizeHtml(marked.parse(text, { async: false }), {
    allowedTags: false,
    allowedAttributes: false,
    allowVulnerableTags: true,
    onOpenTag: visit,
  })
}

const isSvgData = (link: string): boolean => /^\s*data:image\/svg/i.test(link)

function checkImageSource(
  source: string,
  add: (severity: 'error' | 'warning', rule: string, message: string, near: string) => void,
): void {
  if (isSvgData(source))
    add('error', 'svg-image', 'An image is an SVG within the text; use a PNG image.', source)
  else if (/^http:/i.test(source)) {
    add(
      'warning',
      'insecure-image',
      'An image is loaded without encryption, and editors will not show it.',
      source,
    )
  }
}

/** Where it is written, as far as it is written like that. */
function lineOf(text: string, near: string): number | undefined {
  const at = text.toLowerCase().indexOf(near.slice(0, 200).toLowerCase())
  return at < 0 ? undefined : text.slice(0, at).split('\n').length
}
