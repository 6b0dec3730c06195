import { domainToUnicode } from 'node:url'

/** What is known of who sent a mail. */
export type Authentication = 'pass' | 'fail' | 'unknown'

/** One method's word about a mail: `spf=pass smtp.mailfrom=bounces@example.com`. */
interface Result {
  method: string
  result: string
  /** Domains that it is about. */
  domains: string[]
}

/**
 * Whether the server that we were told of says that a mail is from whom it says it is. Only that server's word counts, and of that only what
 * stands in a result's own place: the rest holds addresses, which are the sender's words. Without DMARC a method counts when it is about the
 * domain of the address: everybody's mails pass SPF for a domain of their own.
 * @see https://www.rfc-editor.org/rfc/rfc8601 and, for domains that belong together, https://www.rfc-editor.org/rfc/rfc7489#section-3.1
 */
export function authenticationOf(
  headerLines: readonly { key: string; line: string }[],
  { authservId, from }: { authservId: string | undefined; from: readonly string[] },
): Authentication {
  const [address, ...others] = from
  // Of several senders one was looked at by the server, and not said which.
  const lines = headerLines.filter(({ key }) => key === 'from')
  if (others.length > 0 || lines.length > 1) return 'fail'
  // Nor of an address that stands in the name of another one, spelled so that some read it and some do not.
  if (address !== undefined && !lines.some(({ line }) => isSpelledOut(line, address))) return 'fail'
  if (authservId === undefined || address === undefined) return 'unknown'
  // The newest header stands first, and that one the trusted server wrote.
  const statements = headerLines
    .filter(({ key }) => key === 'authentication-results')
    .map(({ line }) => statementsOf(line.slice(line.indexOf(':') + 1)))
    .find(([server = '']) => server.trim().split(/\s/, 1)[0]?.toLowerCase() === authservId.toLowerCase())
  if (statements === undefined) return 'unknown'
  const results = statements.slice(1).flatMap((statement) => resultOf(statement) ?? [])
  const domain = domainOf(address)
  const dmarc = results.find(({ method }) => method === 'dmarc')
  if (dmarc?.result === 'pass')
    return dmarc.domains.every((said) => belongTogether(said, domain)) ? 'pass' : 'fail'
  if (dmarc?.result === 'fail') return 'fail'
  const isProven = results.some(
    ({ method, result, domains }) =>
      (method === 'spf' || method === 'dkim') &&
      result === 'pass' &&
      domains.some((said) => belongTogether(said, domain)),
  )
  return isProven ? 'pass' : 'fail'
}

const ENCODED_WORD = /=\?[^?\s]{1,40}\?[bq]\?[^?\s]{0,1000}\?=/gi

/** Whether a header holds an address as it is, outside of encoded words. */
function isSpelledOut(line: string, address: string): boolean {
  const plain = line.toLowerCase().replace(ENCODED_WORD, ' ')
  const domain = address.slice(address.lastIndexOf('@') + 1)
  return plain.includes(address) || plain.includes(address.replace(domain, domainToUnicode(domain)))
}

/** What a header says, cut at its semicolons; without comments, and without what is quoted, where everybody may write anything. */
function statementsOf(header: string): string[] {
  let bare = ''
  let depth = 0
  let isQuoted = false
  for (let i = 0; i < header.length; i++) {
    const char = header[i]
    if (char === '\\' && (isQuoted || depth > 0)) i++
    else if (isQuoted) isQuoted = char !== '"'
    else if (char === '(') depth++
    else if (char === ')' && depth > 0) depth--
    else if (depth > 0) continue
    else if (char === '"') {
      isQuoted = true
      bare += '?'
    } else bare += char
  }
  return bare.split(';')
}

const DOMAINS = new Set(['header.from', 'header.d', 'header.i', 'smtp.mailfrom'])

function resultOf(statement: string): Result | undefined {
  const [head = '', ...properties] = statement.trim().replace(/\s+/g, ' ').replace(/ ?= ?/g, '=').split(' ')
  const [, method = '', result = ''] = /^([a-z][a-z0-9-]*)(?:\/\d+)?=([a-z]+)$/i.exec(head) ?? []
  if (method === '') return undefined
  const domains = properties.flatMap((property) => {
    const at = property.indexOf('=')
    return DOMAINS.has(property.slice(0, at).toLowerCase()) ? [domainOf(property.slice(at + 1))] : []
  })
  return { method: method.toLowerCase(), result: result.toLowerCase(), domains }
}

const domainOf = (address: string): string =>
  address
    .slice(address.lastIndexOf('@') + 1)
    .replace(/\.$/, '')
    .toLowerCase()

/** Whether two domains are one, or one is below the other. */
const belongTogether = (a: string, b: string): boolean =>
  a !== '' && b !== '' && (a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`))
