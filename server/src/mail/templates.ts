import { renderMarkdown } from '../markdown/render.ts'

/** What each mail says needs. Values named `…Secret` in the texts come sealed, from `secret`. */
export interface MailTemplates {
  'verify-email': { name: string }
  'already-registered': { name: string }
  'reset-password': { name: string }
  'password-changed': { name: string }
  'account-deleted': { name: string }
  'license-issued': { name: string; plan: string; licenseId: string }
  'license-key-reissued': { name: string; plan: string; licenseId: string }
  'license-expiring': {
    name: string
    plan: string
    licenseId: string
    days: number
    what: 'license' | 'updates' | 'trial'
  }
  'license-transferred': { name: string; plan: string; licenseId: string }
  'license-suspended': { name: string; plan: string; licenseId: string; reason: string }
  'license-revoked': { name: string; plan: string; licenseId: string; reason: string }
  'publisher-member-added': { publisher: string; role: 'owner' | 'member' }
  'publisher-domain-missing': {
    name: string
    publisher: string
    domain: string
    record: string
    days: number
  }
  'publisher-domain-withdrawn': { name: string; publisher: string; domain: string }
  'publisher-removed': { name: string; publisher: string; reason: string }
  'extension-taken-down': { name: string; extension: string; reason: string; malicious: boolean }
  'extension-restored': { name: string; extension: string; reason: string; available: boolean }
  'review-hidden': { name: string; extension: string; reason: string }
  'abuse-report-decided': { name: string; extension: string; upheld: boolean; answer: string }
  'payment-failed': { name: string; plan: string }
  'payment-refunded': { name: string; amount: string; full: boolean }
  'api-token-leaked': { name: string; tokenName: string; hint: string }
  'submission-published': { name: string; extension: string; version: string }
  'submission-held': { name: string; extension: string; version: string; reason: string }
  'submission-rejected': {
    name: string
    extension: string
    version: string
    reason: string
    submissionId: string
  }
  'appeal-declined': { name: string; extension: string; answer: string }
  'sla-warning': { name: string; ticket: string; promise: string; dueAt: string }
  'sla-breached': { name: string; ticket: string; promise: string; dueAt: string }
  'sla-unassigned': { name: string; queue: string; ticket: string; promise: string; dueAt: string }
  'ticket-opened': {
    name: string
    number: number
    subject: string
    /** Empty: it is not said again. */
    body: string
    /** Whether what is answered by mail arrives as the customer's. */
    canReply: boolean
  }
  'ticket-answered': {
    name: string
    agent: string
    number: number
    subject: string
    /** Markdown. */
    body: string
    solved: boolean
    canReply: boolean
  }
  'ticket-solved': { name: string; number: number; subject: string; days: number; canReply: boolean }
}
export type MailTemplate = keyof MailTemplates

interface Content {
  subject: string
  /** Paragraphs of plain text; a line that is only a URL becomes a link in HTML. What somebody wrote stands as Markdown. */
  paragraphs: (string | { markdown: string })[]
}

type Secret = Record<string, string>
const part = (secret: Secret, name: string): string => {
  const value = secret[name]
  if (value === undefined) throw new Error(`mail needs the sealed value ${name}`)
  return value
}

const templates: { [T in MailTemplate]: (data: MailTemplates[T], secret: Secret) => Content } = {
  'verify-email': ({ name }, secret) => ({
    subject: 'Confirm your mail address',
    paragraphs: [
      `Hello ${name},`,
      'please confirm that this address is yours:',
      part(secret, 'url'),
      'The link works for 24 hours. If you did not sign up at Dev Forge, ignore this mail.',
    ],
  }),
  'already-registered': ({ name }, secret) => ({
    subject: 'You already have a Dev Forge account',
    paragraphs: [
      `Hello ${name},`,
      'somebody (most likely you) signed up with this address, which already has an account. You can simply sign in, or reset your password.',
      'If it was you, this link joins what you did just now to your account:',
      part(secret, 'url'),
      'If it was not you, ignore this mail: nobody learns that you have an account.',
    ],
  }),
  'reset-password': ({ name }, secret) => ({
    subject: 'Reset your password',
    paragraphs: [
      `Hello ${name},`,
      'choose a new password here:',
      part(secret, 'url'),
      'The link works once, for one hour. If you did not ask for it, ignore this mail: your password stays.',
    ],
  }),
  'password-changed': ({ name }) => ({
    subject: 'Your password was changed',
    paragraphs: [
      `Hello ${name},`,
      'your password was just changed and every device was signed out. If that was not you, reset it at once and contact support.',
    ],
  }),
  'account-deleted': ({ name }) => ({
    subject: 'Your account was deleted',
    paragraphs: [
      `Goodbye ${name},`,
      'your account and your personal data are deleted. Records of payments stay as long as the law demands.',
    ],
  }),
  'license-issued': ({ name, plan }, secret) => ({
    subject: `Your license for Dev Forge ${plan}`,
    paragraphs: [
      `Hello ${name},`,
      `thank you. This is your license key for Dev Forge ${plan}:`,
      part(secret, 'licenseKey'),
      'Enter it in the editor under Settings → License. Keep this mail: for your safety we do not store the key. Should you lose it, you can have a new one issued in your account.',
    ],
  }),
  'license-key-reissued': ({ name, plan }, secret) => ({
    subject: `Your new license key for Dev Forge ${plan}`,
    paragraphs: [
      `Hello ${name},`,
      'this key replaces the old one, which no longer works:',
      part(secret, 'licenseKey'),
    ],
  }),
  'license-expiring': ({ name, plan, days, what }) => ({
    subject:
      what === 'updates'
        ? `Updates for Dev Forge ${plan} end in ${days} ${days === 1 ? 'day' : 'days'}`
        : `Your Dev Forge ${plan} ${what} ends in ${days} ${days === 1 ? 'day' : 'days'}`,
    paragraphs: [
      `Hello ${name},`,
      what === 'updates'
        ? 'versions released after that day will need a renewal. The versions you have keep working for ever.'
        : 'after that day the editor goes on as the free edition. Your work stays yours.',
      'You can renew in your account at any time.',
    ],
  }),
  'license-transferred': ({ name, plan }, secret) => ({
    subject: `A license for Dev Forge ${plan} is now yours`,
    paragraphs: [
      `Hello ${name},`,
      `a license for Dev Forge ${plan} was transferred to you. This is your new key:`,
      part(secret, 'licenseKey'),
    ],
  }),
  'license-suspended': ({ name, plan, reason }) => ({
    subject: `Your license for Dev Forge ${plan} is suspended`,
    paragraphs: [
      `Hello ${name},`,
      `your license is suspended: ${reason}.`,
      'Answer to this mail if you think that this is a mistake.',
    ],
  }),
  'license-revoked': ({ name, plan, reason }) => ({
    subject: `Your license for Dev Forge ${plan} has ended`,
    paragraphs: [
      `Hello ${name},`,
      `your license has ended: ${reason}. The editor goes on as the free edition.`,
    ],
  }),
  'publisher-member-added': ({ publisher, role }) => ({
    subject: `You may now publish as ${publisher}`,
    paragraphs: [
      'Hello,',
      `an owner of the publisher ${publisher} made you ${role === 'owner' ? 'an owner of it, too' : 'a member of it'}. Sign in with this address, or sign up with it and confirm it, to publish extensions under that name.`,
      'If you do not want this, sign in and leave the publisher, or simply ignore this mail.',
    ],
  }),
  'publisher-domain-missing': ({ name, publisher, domain, record, days }) => ({
    subject: `The DNS record that verifies ${publisher} is missing`,
    paragraphs: [
      `Hello ${name},`,
      `${publisher} is shown as verified because of a TXT record at ${record}, which is not there any more. If it is not back within ${days} days, ${publisher} loses its mark and ${domain} is free for others to prove.`,
    ],
  }),
  'publisher-domain-withdrawn': ({ name, publisher, domain }) => ({
    subject: `${publisher} is no longer verified`,
    paragraphs: [
      `Hello ${name},`,
      `the DNS record at ${domain} has been missing for a week, so ${publisher} is not shown as verified any more. Its extensions stay as they are. You can verify it again at any time.`,
    ],
  }),
  'publisher-removed': ({ name, publisher, reason }) => ({
    subject: `The publisher ${publisher} was removed`,
    paragraphs: [
      `Hello ${name},`,
      `the publisher ${publisher} and its extensions were removed: ${reason}`,
      'The name is kept and will not be given to anybody else.',
    ],
  }),
  'extension-taken-down': ({ name, extension, reason, malicious }) => ({
    subject: `${extension} was taken down`,
    paragraphs: [
      `Hello ${name},`,
      `a moderator has taken down your extension ${extension}: ${reason}`,
      malicious
        ? 'It was found to be harmful: editors remove it from the machines that have it.'
        : 'Nobody can find or install it any more. Where it is installed it stays.',
      'If you think that this is wrong, you can appeal in your account or with `devforge appeal`.',
    ],
  }),
  'extension-restored': ({ name, extension, reason, available }) => ({
    subject: `${extension} is no longer taken down`,
    paragraphs: [
      `Hello ${name},`,
      `a moderator has undone the takedown of your extension ${extension}: ${reason}`,
      available ? 'It can be found and installed again.' : 'It is as it was before the takedown.',
    ],
  }),
  'review-hidden': ({ name, extension, reason }) => ({
    subject: `Your review of ${extension} was hidden`,
    paragraphs: [
      `Hello ${name},`,
      `a moderator has hidden your review of ${extension}: ${reason}`,
      'It is no longer shown, and its stars do not count. You can take it back and write another one.',
    ],
  }),
  'abuse-report-decided': ({ name, extension, upheld, answer }) => ({
    subject: `Your report of ${extension}`,
    paragraphs: [
      `Hello ${name},`,
      upheld
        ? `thank you for reporting ${extension}. We agree with you: ${answer}`
        : `thank you for reporting ${extension}. We have looked at it and leave it as it is: ${answer}`,
    ],
  }),
  'payment-failed': ({ name, plan }) => ({
    subject: `We could not collect your payment for Dev Forge ${plan}`,
    paragraphs: [
      `Hello ${name},`,
      'we will try again in the next days. Please check your card in your account; until then everything keeps working for seven days.',
    ],
  }),
  'payment-refunded': ({ name, amount, full }) => ({
    subject: `Your refund of ${amount}`,
    paragraphs: [
      `Hello ${name},`,
      `we have refunded ${amount}. It reaches your account within five to ten days.`,
      ...(full ? ['The license that came with this payment has ended.'] : []),
    ],
  }),
  'api-token-leaked': ({ name, tokenName, hint }) => ({
    subject: 'Your API token was found in a package and revoked',
    paragraphs: [
      `Hello ${name},`,
      `your API token “${tokenName}” (ending in ${hint}) stood in an extension package that was sent to us. Whoever had the package could publish in your name, so the token was revoked at once.`,
      'Make a new one, and give it to your tools through the environment, never in a file of the package. Look through your recent submissions for any that are not yours.',
    ],
  }),
  'submission-published': ({ name, extension, version }) => ({
    subject: `${extension} ${version} is published`,
    paragraphs: [
      `Hello ${name},`,
      `version ${version} of ${extension} passed all checks and can be installed now.`,
    ],
  }),
  'submission-held': ({ name, extension, version, reason }) => ({
    subject: `${extension} ${version} waits for a moderator`,
    paragraphs: [`Hello ${name},`, reason, 'You need not do anything. A mail follows once it is decided.'],
  }),
  'submission-rejected': ({ name, extension, version, reason, submissionId }) => ({
    subject: `${extension} ${version} was rejected`,
    paragraphs: [
      `Hello ${name},`,
      `version ${version} of ${extension} was not published: ${reason}`,
      `All findings, by file and line, are with submission ${submissionId}. Mend them and submit again under the same version; or, if we are wrong, appeal.`,
    ],
  }),
  'appeal-declined': ({ name, extension, answer }) => ({
    subject: `Your appeal about ${extension}`,
    paragraphs: [
      `Hello ${name},`,
      `we looked at it again, and the decision about ${extension} stays: ${answer}`,
    ],
  }),
  'sla-warning': ({ name, ticket, promise, dueAt }) => ({
    subject: `Ticket ${ticket}: the ${promise} is due soon`,
    paragraphs: [`Hello ${name},`, `the ${promise} of ticket ${ticket}, which is yours, is due at ${dueAt}.`],
  }),
  'sla-breached': ({ name, ticket, promise, dueAt }) => ({
    subject: `Ticket ${ticket}: the ${promise} is late`,
    paragraphs: [
      `Hello ${name},`,
      `the ${promise} of ticket ${ticket}, which is yours, was due at ${dueAt} and is late.`,
    ],
  }),
  'sla-unassigned': ({ name, queue, ticket, promise, dueAt }) => ({
    subject: `${queue}: tickets that nobody has are late`,
    paragraphs: [
      `Hello ${name},`,
      `nobody has ticket ${ticket} of the queue ${queue}, whose ${promise} was due at ${dueAt} and is late.`,
      'There may be more by now: the desk shows all of them. Such a mail comes once an hour at most.',
    ],
  }),
  'ticket-opened': ({ name, number, subject, body, canReply }) => ({
    subject: `[#${number}] ${subject}`,
    paragraphs: [
      name === '' ? 'Hello,' : `Hello ${name},`,
      `we have your request and will answer it. Its number is #${number}. ${canReply ? 'To add something, answer to this mail.' : 'To add something, write in the editor.'}`,
      ...(body === '' ? [] : ['This is what you wrote:', { markdown: body }]),
    ],
  }),
  'ticket-answered': ({ name, agent, number, subject, body, solved, canReply }) => ({
    subject: `Re: [#${number}] ${subject}`,
    paragraphs: [
      `Hello ${name},`,
      `${agent} answered your request #${number}:`,
      { markdown: body },
      solved
        ? `We believe that this solves it. If it does not, ${canReply ? 'answer to this mail within 14 days, or open the request again in the editor' : 'open the request again in the editor within 14 days'}.`
        : canReply
          ? 'To go on, answer to this mail, or in the editor.'
          : 'To go on, answer in the editor. Once your mail address is confirmed, you can answer to mails like this one, too.',
    ],
  }),
  'ticket-solved': ({ name, number, subject, days, canReply }) => ({
    subject: `Re: [#${number}] ${subject}`,
    paragraphs: [
      `Hello ${name},`,
      `your request #${number} is marked as solved.`,
      `If it is not, ${canReply ? `answer to this mail within ${days} days, or open it again in the editor` : `open it again in the editor within ${days} days`}.`,
    ],
  }),
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)

type Paragraph = Content['paragraphs'][number]

const paragraphText = (paragraph: Paragraph): string =>
  typeof paragraph === 'string' ? paragraph : paragraph.markdown

const paragraphHtml = (paragraph: Paragraph): string =>
  typeof paragraph === 'string'
    ? plainHtml(paragraph)
    : `<blockquote>${renderMarkdown(paragraph.markdown, { remoteImages: false, ownPaths: false })}</blockquote>`

const plainHtml = (text: string): string =>
  /^https?:\/\/\S+$/.test(text)
    ? `<p><a href="${escapeHtml(text)}">${escapeHtml(text)}</a></p>`
    : `<p>${escapeHtml(text)}</p>`

/** A mail's subject and body, as plain text and as HTML with everything escaped. */
export function renderMail<T extends MailTemplate>(
  template: T,
  data: MailTemplates[T],
  secret: Secret,
): { subject: string; text: string; html: string } {
  const { subject, paragraphs } = templates[template](data, secret)
  return {
    subject,
    text: `${paragraphs.map(paragraphText).join('\n\n')}\n`,
    html: `<!doctype html><html lang="en"><body>${paragraphs.map(paragraphHtml).join('')}</body></html>`,
  }
}
