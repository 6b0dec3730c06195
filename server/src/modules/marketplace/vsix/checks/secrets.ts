import type { Finding } from '@devforge/db'
import { lintSource } from '@secretlint/core'
import { rules as presetRules } from '@secretlint/secretlint-rule-preset-recommend'
import type { Findings } from '../findings.ts'
import type { InspectedFile } from './files.ts'
import { MAY_HOLD_SECRET } from './secret-prefilter.ts'
import { lineAt, type TextWindow } from './windows.ts'

const RULE = '@secretlint/secretlint-rule-'
/** Our own API tokens, `createApiToken`. */
const OWN_TOKEN = /dfp_[A-Za-z0-9_-]{43}/g
/** Long-lived and temporary keys; secretlint looks for these together with account numbers, which any number may be. */
const AWS_KEY_ID = /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g
const NPMRC_AUTH = /^[^#;\n]*\b_(?:auth|authToken|password)[ \t]*=[ \t]*(?!["']?\$\{)(?=\S)/gm
const PEM_START = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----/g
const MAX_PEM_LENGTH = 10_000

/** vsce's own exception: `_authToken=` is also the code of whoever writes such files. In an .npmrc it is found below. */
const OPTIONS: Record<string, { allows: string[] }> = {
  [`${RULE}npm`]: { allows: ['/^(?!(?:npm_[0-9A-Za-z]{36})$).+$/'] },
}

const config = {
  // One by one, for the preset brings along comments that switch its rules off.
  rules: presetRules
    .filter(({ meta }) => meta.id !== `${RULE}filter-comments`)
    .map((rule) => ({ id: rule.meta.id, rule, options: OPTIONS[rule.meta.id] ?? {} })),
}

/** Rules that also match what is no secret: addresses in documentation. vsce lets the first pass. */
const DOUBTFUL: Record<string, Finding['severity']> = {
  basicauth: 'warning',
  'database-connection-string': 'hold',
}

interface Secret {
  kind: string
  start: number
  end: number
}

/**
 * @returns a look at each window of a file for keys, tokens and passwords. They are named by file and line and shown by their first
 * characters only; `leakedTokens` gets our own ones in full, to be revoked.
 */
export function secretCheck(file: InspectedFile, findings: Findings, leakedTokens: Set<string>) {
  /** Windows overlap. */
  const told = new Set<string>()
  return async (window: TextWindow): Promise<void> => {
    const own = ownTokens(window.text)
    for (const { start, end } of own) leakedTokens.add(window.text.slice(start, end))
    for (const secret of [
      ...own,
      ...simpleSecrets(file, window.text),
      ...(await presetSecrets(file, window.text)),
    ]) {
      const line = lineAt(window, secret.start)
      const key = `${secret.kind} ${line}`
      if (told.has(key)) continue
      told.add(key)
      findings.add({
        rule: 'secret',
        severity: severityOf(secret.kind, file),
        message: `A secret (${secret.kind}) starts here: ${masked(window.text.slice(secret.start, secret.end))}`,
        file: file.name,
        line,
      })
    }
  }
}

const severityOf = (kind: string, { place }: InspectedFile): Finding['severity'] => {
  if (kind === OWN) return 'error'
  const doubtful = DOUBTFUL[kind]
  if (place === 'own') return doubtful ?? 'error'
  return place === 'bundled' && !doubtful ? 'hold' : 'warning'
}

/** Enough to know which one it is, too little to use it. */
const masked = (secret: string): string => `${secret.trimStart().slice(0, 4)}…`

const OWN = 'Dev Forge API token'

function ownTokens(text: string): Secret[] {
  if (!text.includes('dfp_')) return []
  return [...text.matchAll(OWN_TOKEN)]
    .filter(([token]) => new Set(token).size > 8)
    .map((match) => ({ kind: OWN, start: match.index, end: match.index + match[0].length }))
}

/** The same in the bytes of a file that is no text. */
export function ownTokensInBytes(bytes: Buffer): string[] {
  if (!bytes.includes('dfp_')) return []
  const text = bytes.toString('latin1')
  return ownTokens(text).map(({ start, end }) => text.slice(start, end))
}

function simpleSecrets(file: InspectedFile, text: string): Secret[] {
  const secrets: Secret[] = []
  const add = (kind: string, start: number, end: number) => secrets.push({ kind, start, end })
  for (const match of text.matchAll(AWS_KEY_ID)) {
    if (!match[0].endsWith('EXAMPLE')) add('AWS access key', match.index, match.index + match[0].length)
  }
  if (file.baseName === '.npmrc') {
    for (const match of text.matchAll(NPMRC_AUTH)) add('npm', match.index, match.index + match[0].length)
  }
  for (const [start, end] of pemKeys(text)) add('privatekey', start, end)
  return secrets
}

/** Private keys, also those that are written as strings of code, a line each. */
function* pemKeys(text: string): Generator<[number, number]> {
  let end = 0
  for (const match of text.matchAll(PEM_START)) {
    const from = match.index + match[0].length
    if (end < from) end = text.indexOf('-----END', from)
    if (end < 0) return
    if (end - from > MAX_PEM_LENGTH) continue
    const body = text.slice(from, end).replace(/\\[nr]|["'`+,\s\\]/g, '')
    if (isKeyBody(body)) yield [match.index, end]
  }
}

/** DER starts with a SEQUENCE, OpenSSH's format with its name; whatever else is as long and as mixed as a key is taken for one. */
const isKeyBody = (body: string): boolean =>
  /^[A-Za-z0-9+/]+=*$/.test(body) &&
  ((/^(?:MI|MC|MH|b3BlbnNzaC1rZXktdjE)/.test(body) && body.length >= 40) ||
    (body.length >= 100 && new Set(body).size > 16))

async function presetSecrets(file: InspectedFile, text: string): Promise<Secret[]> {
  if (!MAY_HOLD_SECRET.test(text)) return []
  const { messages } = await lintSource({
    source: {
      content: text,
      // Never the real name: a rule opens a file of that name on our disk to look into it.
      filePath: '',
      ext: file.extension === '.json' ? '.json' : '.txt',
      contentType: 'text',
    },
    options: { config },
  })
  return messages.map(({ ruleId, range: [start, end] }) => ({ kind: ruleId.replace(RULE, ''), start, end }))
}
