import { Enums, Models, Serialize, SPDX, Spec } from '@cyclonedx/cyclonedx-library'
import { isInvalidPackage } from './findings.ts'
import { isObject } from './manifest/json.ts'
import type { VsixPackage } from './types.ts'

const MAX_PACKAGE_JSON_BYTES = 1024 * 1024
/** `…/node_modules/name/package.json` and no deeper: fixtures of tests are no packages. */
const PACKAGE = /^(extension\/(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/@][^/]*))\/package\.json$/

/**
 * Bill of materials of a package, CycloneDX 1.6 as JSON: the extension, each package in its `node_modules`, and which needs which
 * (resolved as Node.js does). What an author has bundled into one file cannot be seen and is not listed. The same package gives the
 * same bytes.
 */
export async function buildSbom(pkg: VsixPackage): Promise<string> {
  const { publisher, name, version, targetPlatform } = pkg.identity
  const platform = targetPlatform === 'universal' ? '' : `?platform=${targetPlatform}`
  const root = new Models.Component(Enums.ComponentType.Application, name, {
    bomRef: 'extension',
    group: publisher,
    version,
    description: pkg.description || undefined,
    licenses: licensesOf(pkg.license),
    purl: `pkg:vscode-extension/${publisher.toLowerCase()}/${name.toLowerCase()}@${encodeURIComponent(version)}${platform}`,
  })
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: root }) })

  const bundled = new Map<string, { component: Models.Component; needs: string[] }>()
  for (const entry of pkg.entries) {
    const [, folder, folderName] = PACKAGE.exec(entry.name) ?? []
    if (!folder || !folderName) continue
    const json = await readJson(pkg, entry.name)
    const component = componentOf(folder, folderName, json)
    bundled.set(folder, { component, needs: needsOf(json) })
    bom.components.add(component)
  }
  const link = (from: Models.Component, folder: string, needs: string[]) => {
    for (const need of needs) {
      const found = resolve(need, folder, (path) => bundled.get(path)?.component)
      if (found) from.dependencies.add(found.bomRef)
    }
  }
  link(root, 'extension', needsOf(pkg.manifest))
  for (const [folder, { component, needs }] of bundled) link(component, folder, needs)

  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)
  return new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 1 })
}

async function readJson(pkg: VsixPackage, name: string): Promise<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse((await pkg.readEntry(name, MAX_PACKAGE_JSON_BYTES)).toString('utf8'))
    return isObject(json) ? json : {}
  } catch (error) {
    // A package with a broken description is still a package in there.
    if (error instanceof SyntaxError || isInvalidPackage(error)) return {}
    throw error
  }
}

function componentOf(folder: string, folderName: string, json: Record<string, unknown>): Models.Component {
  const fullName = typeof json.name === 'string' && json.name !== '' ? json.name : folderName
  const version = typeof json.version === 'string' && json.version !== '' ? json.version : undefined
  const slash = fullName.startsWith('@') ? fullName.indexOf('/') : -1
  const purlName = fullName.split('/').map(encodeURIComponent).join('/')
  return new Models.Component(Enums.ComponentType.Library, fullName.slice(slash + 1), {
    bomRef: folder,
    group: slash > 0 ? fullName.slice(0, slash) : undefined,
    version,
    licenses: licensesOf(json.license),
    purl: `pkg:npm/${purlName}${version === undefined ? '' : `@${encodeURIComponent(version)}`}`,
  })
}

function licensesOf(license: unknown): Models.LicenseRepository {
  const text = isObject(license) ? license.type : license
  if (typeof text !== 'string' || text.trim() === '') return new Models.LicenseRepository()
  const id = SPDX.fixupSpdxId(text.trim())
  if (id) return new Models.LicenseRepository([new Models.SpdxLicense(id)])
  return new Models.LicenseRepository([
    isSpdxExpression(text) ? new Models.LicenseExpression(text.trim()) : new Models.NamedLicense(text.trim()),
  ])
}

/** `(MIT OR Apache-2.0)`: known licenses joined by the three words. */
const isSpdxExpression = (text: string): boolean =>
  text
    .replace(/[()]/g, ' ')
    .trim()
    .split(/\s+(?:AND|OR)\s+/)
    .every((part) => SPDX.isSupportedSpdxId(part.replace(/\s+WITH\s+\S+$/, '')))

const needsOf = ({ dependencies, optionalDependencies }: Record<string, unknown>): string[] =>
  [dependencies, optionalDependencies].filter(isObject).flatMap((list) => Object.keys(list))

/** Looks for a package in the `node_modules` of a folder, then of those above it. */
function resolve<T>(need: string, folder: string, find: (path: string) => T | undefined): T | undefined {
  for (let at = folder; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    const found = find(`${at}/node_modules/${need}`)
    if (found) return found
  }
  return undefined
}
