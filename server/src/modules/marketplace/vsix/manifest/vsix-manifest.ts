import { SaxesParser } from 'saxes'
import type { Findings } from '../findings.ts'

const FILE = 'extension.vsixmanifest'

/** What `extension.vsixmanifest` says, as vsce writes it. */
export interface VsixManifest {
  id: string
  version: string
  publisher: string
  targetPlatform: string | null
  displayName: string
  description: string
  tags: string[]
  categories: string[]
  galleryFlags: string[]
  /** Id → value. */
  properties: Map<string, string>
  /** Type → entry name. */
  assets: Map<string, string>
}

const TEXTS = ['DisplayName', 'Description', 'Tags', 'Categories', 'GalleryFlags', 'License', 'Icon']

/**
 * Reads the manifest of the package format. No DOCTYPE, so no entities of its own; what may be there once must be there once, since
 * readers differ in which one they take.
 * @returns null when it cannot be read or says no identity; findings say why
 */
export function parseVsixManifest(text: string, findings: Findings): VsixManifest | null {
  const identities: Record<string, string>[] = []
  const texts = new Map<string, string>()
  const properties = new Map<string, string>()
  const assets = new Map<string, string>()
  const path: string[] = []
  const parser = new SaxesParser({ xmlns: true })
  const stop = (rule: string, message: string): never => {
    throw new Refused(rule, message, parser.line)
  }
  const once = (map: Map<string, string>, key: string, value: string, what: string) => {
    if (map.has(key)) stop('manifest-xml', `${what} "${key}" is there twice.`)
    map.set(key, value)
  }

  parser.on('doctype', () => stop('xml-doctype', 'A DOCTYPE is not taken: entities change what a text says.'))
  parser.on('error', (error) => {
    const isEntity = /entity/.test(error.message)
    stop(
      isEntity ? 'xml-doctype' : 'manifest-xml',
      isEntity ? 'An entity is not defined.' : 'The file is not XML.',
    )
  })
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding && !/^(utf-8|us-ascii)$/i.test(encoding)) stop('manifest-encoding', 'The file is not UTF-8.')
  })
  parser.on('opentag', ({ local, attributes }) => {
    const own = Object.fromEntries(
      Object.values(attributes).map(({ prefix, local: name, value }) => [
        prefix ? `${prefix}:${name}` : name,
        value,
      ]),
    )
    path.push(local)
    const place = path.join('/')
    if (path.length === 1 && local !== 'PackageManifest')
      stop('manifest-xml', 'This is no manifest of a package.')
    // Anywhere and in any namespace: some readers look for the name only.
    if (local === 'Identity') identities.push(own)
    if (place === 'PackageManifest/Metadata/Properties/Property') {
      once(properties, own.Id ?? '', own.Value ?? '', 'The property')
    }
    if (place === 'PackageManifest/Assets/Asset') once(assets, own.Type ?? '', own.Path ?? '', 'The asset')
    if (isText(path)) once(texts, local, '', 'The element')
  })
  const addText = (more: string) => {
    const key = path.at(-1)
    if (key !== undefined && isText(path)) texts.set(key, (texts.get(key) ?? '') + more)
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => path.pop())

  try {
    parser.write(text).close()
    if (identities.length > 1) stop('manifest-xml', 'The element Identity is there more than once.')
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    findings.error(error.rule, error.message, { file: FILE, line: error.line })
    return null
  }
  const [identity] = identities
  const { Id: id, Version: version, Publisher: publisher, TargetPlatform: targetPlatform } = identity ?? {}
  if (!id || !version || !publisher) {
    findings.error('manifest-xml', 'The manifest does not say who publishes what in which version.', {
      file: FILE,
    })
    return null
  }
  return {
    id,
    version,
    publisher,
    targetPlatform: targetPlatform || null,
    displayName: texts.get('DisplayName') ?? '',
    description: texts.get('Description') ?? '',
    tags: list(texts.get('Tags')),
    categories: list(texts.get('Categories')),
    galleryFlags: (texts.get('GalleryFlags') ?? '').split(/\s+/).filter(Boolean),
    properties,
    assets,
  }
}

class Refused extends Error {
  readonly rule: string
  readonly line: number
  constructor(rule: string, message: string, line: number) {
    super(message)
    this.rule = rule
    this.line = line
  }
}

const isText = (path: string[]): boolean =>
  path.length === 3 &&
  path[0] === 'PackageManifest' &&
  path[1] === 'Metadata' &&
  TEXTS.includes(path[2] ?? '')

/** Values are joined by commas. */
export const list = (text: string | undefined): string[] =>
  [...new Set((text ?? '').split(',').map((part) => part.trim()))].filter(Boolean)
