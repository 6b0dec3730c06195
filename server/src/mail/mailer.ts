import { createHash } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import type { Env } from '../env.ts'
import type { Logger } from '../log.ts'

export interface Mail {
  /** Makes the Message-ID, so that a mail sent twice after a crash is one to the receiver. */
  id: string
  to: string
  subject: string
  text: string
  html?: string
  /** Its place in a conversation, and where an answer goes. */
  thread?: MailThread | undefined
}

/** What makes mail programs show a conversation as one. @see https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4 */
export interface MailThread {
  /** Message-IDs with their brackets. */
  inReplyTo?: string | undefined
  references?: string[] | undefined
  replyTo?: string | undefined
  /** Where a click ends these mails (RFC 8058). */
  unsubscribeUrl?: string | undefined
}

/** The Message-ID of a mail. Unguessable where its id is. */
export const messageIdOf = (env: Pick<Env, 'PUBLIC_URL'>, mailId: string): string =>
  `<${createHash('sha256').update(mailId).digest('hex').slice(0, 40)}@${new URL(env.PUBLIC_URL).hostname}>`

/** What nodemailer is given for a thread. Nobody's machine should answer ours: RFC 3834. */
const threadHeaders = ({ inReplyTo, references, replyTo, unsubscribeUrl }: MailThread = {}) => ({
  ...(inReplyTo === undefined ? {} : { inReplyTo }),
  ...(references === undefined ? {} : { references }),
  ...(replyTo === undefined ? {} : { replyTo }),
  headers: {
    'Auto-Submitted': 'auto-generated',
    'X-Auto-Response-Suppress': 'All',
    ...(unsubscribeUrl === undefined
      ? {}
      : { 'List-Unsubscribe': `<${unsubscribeUrl}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
  },
})

export interface Mailer {
  /** Sends one mail. @throws when the mail server does not take it; the outbox retries. */
  send(mail: Mail): Promise<void>
  /** Where mails are kept when there is no SMTP; null with SMTP. */
  directory: string | null
}

/** A mail as kept in MAIL_DIR, one JSON file each. */
export interface KeptMail extends Mail {
  messageId: string
  sentAt: string
}

/** @param log told of each mail that is kept instead of sent, with the link to look at it */
export function createMailer(env: Env, log?: Logger): Mailer {
  const messageId = (mail: Mail) => messageIdOf(env, mail.id)
  if (!env.SMTP_URL) {
    return directoryMailer(env.MAIL_DIR, messageId, (mail, name) =>
      log?.info(`mail for ${mail.to}: ${mail.subject} → ${env.PUBLIC_URL}/dev/mail/${name}`),
    )
  }
  const transport = createTransport(env.SMTP_URL)
  return {
    directory: null,
    async send(mail) {
      const { id: _, thread, ...content } = mail
      await transport.sendMail({
        from: env.MAIL_FROM,
        messageId: messageId(mail),
        ...content,
        ...threadHeaders(thread),
      })
    },
  }
}

/** Keeps mails as files, named after their id: sending the same one again overwrites it. */
function directoryMailer(
  directory: string,
  messageId: (mail: Mail) => string,
  announce: (mail: Mail, name: string) => void,
): Mailer {
  return {
    directory,
    async send(mail) {
      await mkdir(directory, { recursive: true })
      const kept: KeptMail = { ...mail, messageId: messageId(mail), sentAt: new Date().toISOString() }
      const name = kept.messageId.slice(1, 41)
      const file = join(directory, `${name}.json`)
      // Written aside and renamed, so that a reader never sees half a mail.
      await writeFile(`${file}.part`, JSON.stringify(kept, null, 2), { mode: 0o600 })
      await rename(`${file}.part`, file)
      announce(mail, name)
    },
  }
}
