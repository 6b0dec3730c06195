import { domainToASCII } from 'node:url'
import { type AddressObject, type HeaderValue, type ParsedMail, simpleParser } from 'mailparser'
import { type Authentication, authenticationOf } from './authentication.ts'
import { withoutQuotes } from './quotes.ts'

/** What of a mail we work with. */
export interface ReadMail {
  /** With its brackets; null: it has none. */
  messageId: string | null
  from: { address: string } | null
  /** Everybody that it was sent to, as far as its headers tell. */
  recipients: string[]
  subject: string
  /** What was written anew, without quotes and signature. */
  text: string
  /** Message-IDs that it answers, newest first. */
  answers: string[]
  /** Written by a machine: out of office, a list, a newsletter. */
  isAuto: boolean
  /** A report that a mail could not be delivered. */
  isBounce: boolean
  /** What `Authentication-Results` say of the sender, from whom we were told to believe. */
  authentication: Authentication
  attachments: { fileName: string; content: Buffer }[]
}

const MAX_TEXT = 50_000
/** HTML beyond it is not made text of: mails are letters. */
const MAX_HTML = 1_000_000
const MAX_ATTACHMENTS = 10
/** Receivers of a mail that are looked at. */
const MAX_RECIPIENTS = 500

const textOf = (value: HeaderValue | undefined): string =>
  typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)

/** A mail's parts. What is not to be read makes an empty one, never an error of the parser's. */
export async function readMail(
  raw: Buffer,
  { authservId }: { authservId?: string | undefined },
): Promise<ReadMail> {
  const mail = await simpleParser(raw, {
    skipImageLinks: true,
    skipTextToHtml: true,
    maxHtmlLengthToParse: MAX_HTML,
  })
  const senders = (mail.from?.value ?? []).flatMap(({ address }) => (address ? [plainAddress(address)] : []))
  const [sender] = senders
  const isBounce = bounced(mail)
  return {
    messageId: bracketed(mail.messageId),
    from: sender !== undefined && isAddress(sender) ? { address: sender } : null,
    recipients: recipientsOf(mail),
    subject: cleanLine(mail.subject ?? '').slice(0, 200),
    text: writtenAnew(mail.text ?? ''),
    answers: answersOf(mail),
    isAuto: isBounce || isAutomatic(mail),
    isBounce,
    authentication: authenticationOf(mail.headerLines, {
      authservId,
      from: senders,
    }),
    attachments: mail.attachments
      // Pictures of a signature and the like belong to the HTML, which nobody sees.
      .filter((part) => !part.related)
      .slice(0, MAX_ATTACHMENTS)
      .map((part) => ({ fileName: part.filename ?? 'attachment', content: part.content })),
  }
}

/** Domains as they travel: mailparser shows `xn--bcher-kva.example` as people read it. */
function plainAddress(given: string): string {
  const address = given.trim().toLowerCase()
  const at = address.lastIndexOf('@') + 1
  return address.slice(0, at) + (domainToASCII(address.slice(at)) || address.slice(at))
}

/** What an address has room for (RFC 5321); the index of accounts has not much more. */
const MAX_ADDRESS = 254
/** Whether an account can have it. Loosely: machines that return mails have odd ones. */
const isAddress = (address: string): boolean =>
  address.length <= MAX_ADDRESS && /^[^\s<>"@]+@[^\s<>"@]+$/.test(address)

const bracketed = (id: string | undefined): string | null => {
  const found = /<[^<>\s]{1,300}>/.exec(id ?? '')?.[0]
  return found ?? null
}

const cleanLine = (text: string): string =>
  text
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()

const cleanText = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .trim()

/** Without quotes and signature; where nothing would be left, all of it: nothing is lost that way. */
function writtenAnew(text: string): string {
  const whole = cleanText(text).slice(0, MAX_TEXT)
  const visible = withoutQuotes(whole)
  return visible === '' ? whole : visible
}

const addressesOf = (field: AddressObject | AddressObject[] | undefined): string[] =>
  (field === undefined ? [] : Array.isArray(field) ? field : [field])
    .flatMap(({ value }) => value.flatMap((entry) => [entry, ...(entry.group ?? [])]))
    .flatMap(({ address }) => (address ? [address.toLowerCase()] : []))

function recipientsOf(mail: ParsedMail): string[] {
  const delivered = ['delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to']
    // Words first, then what has an @: looked for at once, a long header without one takes hours.
    .flatMap((name) => textOf(mail.headers.get(name)).match(/[^\s<>",;[\]]+/g) ?? [])
    .filter((word) => word.includes('@'))
    .map((address) => address.toLowerCase())
  return [...new Set([...delivered, ...addressesOf(mail.to), ...addressesOf(mail.cc)])].slice(
    0,
    MAX_RECIPIENTS,
  )
}

function answersOf(mail: ParsedMail): string[] {
  const references = mail.references === undefined ? [] : [mail.references].flat().toReversed()
  return [...new Set([mail.inReplyTo, ...references].flatMap((id) => bracketed(id) ?? []))].slice(0, 50)
}

/** @see https://www.rfc-editor.org/rfc/rfc3834 and what out-of-office assistants and lists really send */
function isAutomatic(mail: ParsedMail): boolean {
  const header = (name: string) => textOf(mail.headers.get(name)).toLowerCase()
  const submitted = header('auto-submitted')
  return (
    (submitted !== '' && !submitted.startsWith('no')) ||
    /bulk|junk|list|auto_reply/.test(header('precedence')) ||
    ['x-autoreply', 'x-autorespond', 'x-auto-response', 'list-id', 'feedback-id'].some((name) =>
      mail.headers.has(name),
    ) ||
    // mailparser gathers List-* under `list`.
    mail.headers.has('list') ||
    // Nobody is to answer it (RFC 5321, 4.5.5). The line itself: parsed, it is an address like any other.
    mail.headerLines.some(({ key, line }) => key === 'return-path' && /:\s*<\s*>\s*$/.test(line))
  )
}

function bounced(mail: ParsedMail): boolean {
  const type = textOf(mail.headers.get('content-type')).toLowerCase()
  const address = mail.from?.value[0]?.address?.toLowerCase() ?? ''
  return (
    (type.includes('multipart/report') && type.includes('delivery-status')) ||
    /^(?:mailer-daemon|postmaster)@/.test(address)
  )
}
