import type { Input } from '../contract.ts'
import { redact, redactDeep } from '../redact.ts'

export { redact }

/** What an editor tells of itself with a ticket. */
export type Diagnostics = NonNullable<Input<'tickets.create'>['diagnostics']>

/** What the editor knows; the rest is found out. */
export interface DiagnosticsSource extends Omit<Diagnostics, 'os'> {
  /** Default: of this process, or of the page. */
  os?: Diagnostics['os']
}

/** As many of each as a server takes. */
const LIMITS = { extensions: 300, errors: 20, settings: 50, message: 2_000, stack: 10_000, setting: 500 }

interface Machine {
  process?: { platform?: string; arch?: string }
  navigator?: { platform?: string }
}

/** Of this process; in a page what its browser tells. */
function thisSystem(): Diagnostics['os'] {
  const { process, navigator } = globalThis as Machine
  return {
    platform: process?.platform ?? navigator?.platform ?? 'unknown',
    arch: process?.arch ?? 'unknown',
  }
}

/**
 * What is going to be sent: cut to what a server takes (the last errors, the first settings) and redacted. Show this to the person, and
 * pass it on to `tickets.create` as it is once they agree.
 * @example
 * const diagnostics = collectDiagnostics({ app: { version }, locale, extensions, errors, settings })
 * if (await agrees(diagnostics)) await forge.tickets.create({ subject, body, category: 'bug', diagnostics })
 */
export function collectDiagnostics({ os = thisSystem(), ...source }: DiagnosticsSource): Diagnostics {
  return redactDiagnostics({
    ...source,
    os,
    extensions: source.extensions?.slice(0, LIMITS.extensions) ?? [],
    errors: source.errors?.slice(-LIMITS.errors) ?? [],
    settings: Object.fromEntries(Object.entries(source.settings ?? {}).slice(0, LIMITS.settings)),
  })
}

/** The same without what must not leave a machine: tokens, keys, mail addresses, the names of people in paths. */
export function redactDiagnostics(diagnostics: Diagnostics): Diagnostics {
  const { errors = [], settings = {}, ...rest } = diagnostics
  return {
    ...(redactDeep(rest) as typeof rest),
    errors: errors.map(({ at, message, stack }) => ({
      at,
      message: safe(message, LIMITS.message),
      ...(stack === undefined ? {} : { stack: safe(stack, LIMITS.stack) }),
    })),
    settings: Object.fromEntries(
      Object.entries(redactDeep(settings) as typeof settings).map(([name, value]) => [
        name,
        typeof value === 'string' ? cut(value, LIMITS.setting) : value,
      ]),
    ),
  }
}

/** First redacted, then cut: half a token would not be known for one. NUL is refused by every server. */
const safe = (text: string, max: number): string =>
  cut(redact(text.slice(0, 4 * max).replaceAll('\0', '')), max)

/** Half an emoji is refused, too. */
const cut = (text: string, max: number): string => text.slice(0, max).replace(/\p{Cs}/gu, '')
