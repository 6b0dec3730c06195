import { type Finding, failed } from './finding.ts'
import { listEntries, readEntry, type ZipEntry, ZipError } from './zip.ts'

export interface ValidateOptions {
  /** Largest package that the server takes. Default: 209,715,200, which is the server's. */
  maxBytes?: number
}

/** What a package says of itself. */
export interface PackageIdentity {
  publisher: string
  name: string
  version: string
  /** `universal` when it is for all. */
  targetPlatform: string
}

export interface Validation {
  /** Null when it could not be read. */
  identity: PackageIdentity | null
  /** All errors found; without any, the package is worth an upload. */
  findings: Finding[]
}

const MAX_BYTES = 209_715_200
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024
const MAX_TOLD = 20
const PACKAGE_JSON = 'extension/package.json'
const VSIX_MANIFEST = 'extension.vsixmanifest'
const NAME = /^[a-z0-9][a-z0-9-]*$/i
const SEMVER = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/

/**
 * Looks at a package before it is uploaded: what is quickly seen here needs no round trip. (The server looks closer, at content too,
 * and its word counts.)
 */
export async function validatePackage(
  vsix: Blob | Uint8Array<ArrayBuffer>,
  { maxBytes = MAX_BYTES }: ValidateOptions = {},
): Promise<Validation> {
  const blob = vsix instanceof Blob ? vsix : new Blob([vsix])
  if (blob.size > maxBytes) {
    const message = `The package has ${blob.size} bytes; at most ${maxBytes} are taken.`
    return { identity: null, findings: [failed('package-size', message)] }
  }
  try {
    const entries = await listEntries(blob)
    const findings = badNames(entries)
    const identity = await readIdentity(blob, entries, findings)
    return { identity, findings }
  } catch (error) {
    if (!(error instanceof ZipError)) throw error
    return { identity: null, findings: [failed('zip-format', error.message)] }
  }
}

/** Names that no unpacker should follow, and files that should never have been packed. */
function badNames(entries: ZipEntry[]): Finding[] {
  const findings: Finding[] = []
  const seen = new Map<string, string>()
  for (const { name } of entries) {
    const twin = seen.get(name.toLowerCase())
    seen.set(name.toLowerCase(), name)
    if (twin !== undefined) findings.push(failed('zip-duplicate', `There is "${twin}" already.`, name))
    if (/(?:^|[\\/])\.\.(?:[\\/]|$)|^[\\/]|^[a-z]:|\\|\0/i.test(name)) {
      findings.push(failed('zip-path', 'The name leads out of the package.', name))
    }
    if (
      /(?:^|\/)(?:\.env(?:\..+)?|\.npmrc|id_(?:rsa|dsa|ecdsa|ed25519)|[^/]+\.(?:pem|key|p12|pfx))$/i.test(
        name,
      )
    ) {
      findings.push({
        rule: 'secret',
        severity: 'warning',
        message: 'Files like this hold secrets. Leave it out with .vscodeignore, if it is one.',
        file: name,
      })
    }
  }
  return findings.slice(0, MAX_TOLD)
}

async function readIdentity(
  blob: Blob,
  entries: ZipEntry[],
  findings: Finding[],
): Promise<PackageIdentity | null> {
  const text = async (name: string): Promise<string | null> => {
    const entry = entries.find((one) => one.name === name)
    if (entry) return new TextDecoder().decode(await readEntry(blob, entry, MAX_MANIFEST_BYTES))
    findings.push(failed('manifest-missing', `The package has no ${name}.`))
    return null
  }
  const [json, xml] = [await text(PACKAGE_JSON), await text(VSIX_MANIFEST)]
  const manifest = json === null ? null : parseManifest(json)
  if (json !== null && !manifest)
    findings.push(failed('manifest-json', 'The file is no JSON object.', PACKAGE_JSON))
  if (!manifest) return null
  const field = (name: string): string => {
    const value = manifest[name]
    return typeof value === 'string' ? value : ''
  }
  const said = xml === null ? null : identityInXml(xml)
  const identity: PackageIdentity = {
    publisher: field('publisher'),
    name: field('name'),
    version: field('version'),
    targetPlatform: said?.TargetPlatform ?? 'universal',
  }
  for (const [name, shape] of [
    ['publisher', NAME],
    ['name', NAME],
    ['version', SEMVER],
  ] as const) {
    if (!shape.test(identity[name])) {
      findings.push(failed('manifest-field', `"${name}" is missing or malformed.`, PACKAGE_JSON))
    }
  }
  const { engines } = manifest
  const engine =
    typeof engines === 'object' && engines !== null && 'vscode' in engines ? engines.vscode : undefined
  if (typeof engine !== 'string' || engine === '') {
    findings.push(failed('manifest-field', '"engines.vscode" is missing.', PACKAGE_JSON))
  }
  for (const [attribute, name] of [
    ['Publisher', 'publisher'],
    ['Id', 'name'],
    ['Version', 'version'],
  ] as const) {
    if (said && said[attribute] !== identity[name]) {
      const message = `It says ${attribute} "${said[attribute] ?? ''}", package.json says "${identity[name]}".`
      findings.push(failed('manifest-mismatch', message, VSIX_MANIFEST))
    }
  }
  return findings.some(({ severity }) => severity === 'error') ? null : identity
}

function parseManifest(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

/** Attributes of `<Identity …/>` as vsce writes it. What else the file holds is for the server to read. */
function identityInXml(xml: string): Record<string, string> {
  const tag = /<Identity\s([^>]*)>/.exec(xml)?.[1] ?? ''
  return Object.fromEntries(
    [...tag.matchAll(/([A-Za-z]+)\s*=\s*"([^"]*)"/g)].map(([, name, value]) => [name, value]),
  )
}
