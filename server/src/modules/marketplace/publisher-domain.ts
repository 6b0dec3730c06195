import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'

const PREFIX = 'devforge-verification='
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/
/** Names that are not of the public DNS: they mean another thing on every network (RFC 6761, 6762, 8375). */
const PRIVATE = /(?:^|\.)(?:localhost|local|internal|lan|home|corp|test|example|invalid|onion|arpa)$/

/**
 * A domain in the spelling of the DNS: lower case, other alphabets in Punycode.
 * @returns null for what is no public domain name
 */
export function normalizeDomain(text: string): string | null {
  const domain = domainToASCII(text.trim().toLowerCase().replace(/\.$/, ''))
  const labels = domain.split('.')
  if (labels.length < 2 || domain.length > 240 || isIP(domain) !== 0 || PRIVATE.test(domain)) return null
  return labels.every((label) => LABEL.test(label)) ? domain : null
}

/** Where the proof stands: a label of its own, so that the domain's other records are left alone. */
export const recordName = (domain: string): string => `_devforge.${domain}`
export const recordValue = (token: string): string => `${PREFIX}${token}`

/** Whether the texts found in the DNS hold the token. */
export const holdsToken = (texts: string[], token: string | null): boolean =>
  token !== null && texts.some((text) => text.trim() === recordValue(token))
