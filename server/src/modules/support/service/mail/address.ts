import type { Deps } from '../../../../deps.ts'

/** Hex digits of the HMAC: enough that nobody guesses one in the mails that one sender may send. */
const TAG_LENGTH = 16

const tagOf = ({ secrets }: Pick<Deps, 'secrets'>, ticketId: string): string =>
  secrets.hmac('mail-reply', ticketId).toString('hex').slice(0, TAG_LENGTH)

function splitSupport({ env }: Pick<Deps, 'env'>): { local: string; domain: string } {
  const at = env.SUPPORT_MAIL.lastIndexOf('@')
  return {
    local: env.SUPPORT_MAIL.slice(0, at).toLowerCase(),
    domain: env.SUPPORT_MAIL.slice(at + 1).toLowerCase(),
  }
}

/** Where answers to a ticket's mails go. Whoever writes there has had one of them. */
export function replyAddress(deps: Pick<Deps, 'env' | 'secrets'>, ticketId: string): string {
  const { local, domain } = splitSupport(deps)
  return `${local}+${ticketId}.${tagOf(deps, ticketId)}@${domain}`
}

/** The ticket that an address names, if it is one of ours. Local parts may come in any case. */
export function ticketOfAddress(deps: Pick<Deps, 'env' | 'secrets'>, address: string): string | undefined {
  const { local, domain } = splitSupport(deps)
  const [, name, ticketId = '', tag, host] =
    /^([^+@]+)\+(tkt_[0-9a-z]+)\.([0-9a-f]+)@(.+)$/.exec(address.toLowerCase()) ?? []
  if (name !== local || host !== domain) return undefined
  return tag === tagOf(deps, ticketId) ? ticketId : undefined
}

/** Whether an address is one that we read or send from: a mail from there is our own, come back. */
export function isOurs(deps: Pick<Deps, 'env'>, address: string): boolean {
  const { local, domain } = splitSupport(deps)
  const lower = address.toLowerCase()
  const from = /<([^>]+)>/.exec(deps.env.MAIL_FROM)?.[1] ?? deps.env.MAIL_FROM
  return (
    lower === from.toLowerCase() ||
    (lower.endsWith(`@${domain}`) && (lower.startsWith(`${local}@`) || lower.startsWith(`${local}+`)))
  )
}
