import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** One member of an interface as the `stripe` package declares it. */
interface Member {
  name: string
  optional: boolean
  type: string
}

/** All interfaces of one declaration file, by dotted name: `Charge`, `Charge.Outcome`, `Charge.Outcome.Rule`. */
export interface Declarations {
  interfaces: Map<string, Member[]>
  aliases: Map<string, string>
}

const resources = join(dirname(createRequire(import.meta.url).resolve('stripe')), '..', 'esm', 'resources')
const cache = new Map<string, Declarations>()

/** Reads `stripe/esm/resources/<file>.d.ts`. Only the subset of TypeScript that Stripe's generator emits is understood. */
export function declarationsOf(file: string): Declarations {
  const known = cache.get(file)
  if (known) return known
  const text = readFileSync(join(resources, `${file}.d.ts`), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  const found: Declarations = { interfaces: new Map(), aliases: new Map() }
  readBlock(text, '', found)
  cache.set(file, found)
  return found
}

/** End (exclusive) of the block whose `{` stands at `open`. */
function blockEnd(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return at + 1
  }
  throw new Error('unbalanced braces in a declaration file')
}

function readBlock(text: string, prefix: string, found: Declarations): void {
  const head =
    /\b(?:export\s+)?(?:declare\s+)?(?:(interface|namespace|class)\s+(\w+)[^{;]*\{|type\s+(\w+)\s*=)/g
  for (let match = head.exec(text); match; match = head.exec(text)) {
    const [whole, kind, name, alias] = match
    if (alias !== undefined) {
      const end = statementEnd(text, match.index + whole.length)
      found.aliases.set(prefix + alias, text.slice(match.index + whole.length, end).trim())
      head.lastIndex = end
      continue
    }
    const open = match.index + whole.length - 1
    const end = blockEnd(text, open)
    const body = text.slice(open + 1, end - 1)
    if (kind === 'interface') found.interfaces.set(prefix + name, membersOf(body))
    if (kind === 'namespace') readBlock(body, `${prefix}${name}.`, found)
    head.lastIndex = end
  }
}

/** Position of the `;` that ends the statement beginning at `from`, braces skipped. */
function statementEnd(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const char = text[at]
    if (char === '{' || char === '(' || char === '<') depth++
    else if (char === '}' || char === ')' || (char === '>' && text[at - 1] !== '=')) depth--
    else if (char === ';' && depth <= 0) return at
  }
  return text.length
}

function membersOf(body: string): Member[] {
  const members: Member[] = []
  let at = 0
  while (at < body.length) {
    const end = statementEnd(body, at)
    const line = body.slice(at, end).trim()
    const match = /^'?([\w-]+)'?(\?)?:\s*([\s\S]+)$/.exec(line)
    if (match?.[1] && match[3])
      members.push({ name: match[1], optional: match[2] === '?', type: match[3].replace(/\s+/g, ' ') })
    at = end + 1
  }
  return members
}

/** Looks a type name up the way TypeScript does: in the innermost namespace first, then outwards. */
function resolveName(declarations: Declarations, name: string, scope: string): string | undefined {
  const parts = scope.split('.')
  for (let depth = parts.length; depth >= 0; depth--) {
    const candidate = [...parts.slice(0, depth), name].join('.')
    if (declarations.interfaces.has(candidate) || declarations.aliases.has(candidate)) return candidate
  }
  return undefined
}

/**
 * Every non-optional key of `name` that `value` lacks, as dotted paths; nested objects are followed wherever their type is
 * declared in the same file. An array follows each of its members.
 */
export function missingKeys(file: string, name: string, value: unknown, path = name): string[] {
  const declarations = declarationsOf(file)
  const members = declarations.interfaces.get(name)
  if (!members) throw new Error(`no interface ${name} in ${file}.d.ts`)
  if (typeof value !== 'object' || value === null) return [`${path} is not an object`]
  const missing: string[] = []
  const record = value as Record<string, unknown>
  for (const member of members) {
    const there = record[member.name]
    if (there === undefined) {
      if (!member.optional && member.type !== 'null' && !member.type.startsWith('() =>'))
        missing.push(`${path}.${member.name}`)
      continue
    }
    for (const nested of nestedValues(there)) {
      for (const type of namesIn(member.type)) {
        const target = resolveName(declarations, type, name)
        if (!target || !declarations.interfaces.has(target)) continue
        missing.push(...missingKeys(file, target, nested, `${path}.${member.name}`))
      }
    }
  }
  return missing
}

function nestedValues(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.filter((entry) => typeof entry === 'object' && entry !== null)
  if (typeof value !== 'object' || value === null) return []
  const list = value as { object?: unknown; data?: unknown }
  return list.object === 'list' && Array.isArray(list.data) ? list.data : [value]
}

/** The one interface a member's type may name; unions of several are not followed (the value decides which). */
function namesIn(type: string): string[] {
  const names = type.match(/[A-Z]\w*(?:\.[A-Z]\w*)*/g)?.filter((name) => !BUILT_IN.has(name)) ?? []
  return names.length === 1 ? names : []
}

const BUILT_IN = new Set(['Array', 'ApiList', 'Promise', 'Record', 'OtherString', 'Emptyable'])
