import type { Findings } from '../findings.ts'
import { engineFloor } from '../versions.ts'
import { isObject } from './json.ts'
import { PACKAGE_JSON, type PackageJson } from './package-json.ts'
import { list, type VsixManifest } from './vsix-manifest.ts'

const FILE = 'extension.vsixmanifest'
const CODE = 'Microsoft.VisualStudio.Code.'

const UNIVERSAL = 'universal'

/** What VS Code knows, beside `universal`. */
export const TARGET_PLATFORMS = [
  'win32-x64',
  'win32-arm64',
  'linux-x64',
  'linux-arm64',
  'linux-armhf',
  'alpine-x64',
  'alpine-arm64',
  'darwin-x64',
  'darwin-arm64',
  'web',
]

/** The first editors that know platforms and pre-releases; older ones would install any of them. */
const PLATFORMS_SINCE = engineFloor('1.61.0')
const PRE_RELEASES_SINCE = engineFloor('1.63.0')

/**
 * Holds the two manifests against each other. A gallery goes by `extension.vsixmanifest`, the editor by `package.json`: where they
 * disagree, something else is installed than was looked for and checked.
 */
export function checkAgreement(json: PackageJson, vsix: VsixManifest, findings: Findings): void {
  const compare = (what: string, there: string, here: string) => {
    if (there === here) return
    const message = `${what} is "${there}" here and "${here}" in package.json.`
    findings.error('manifest-mismatch', message, { file: FILE })
  }
  const ids = (property: string) => list(vsix.properties.get(`${CODE}${property}`)?.toLowerCase())
  const sorted = (values: string[]) => values.toSorted().join(', ')

  compare('The publisher', vsix.publisher, json.publisher)
  compare('The name', vsix.id, json.name)
  compare('The version', vsix.version, json.version)
  compare('The engine', vsix.properties.get(`${CODE}Engine`) ?? '', json.engines.vscode)
  compare(
    'The list of dependencies',
    sorted(ids('ExtensionDependencies')),
    sorted(json.extensionDependencies),
  )
  compare('The list of the pack', sorted(ids('ExtensionPack')), sorted(json.extensionPack))
  compare('The path of the manifest', vsix.assets.get(`${CODE}Manifest`) ?? '', PACKAGE_JSON)
  compareInstalled(json, vsix, compare)

  if (vsix.targetPlatform !== null && !isTargetPlatform(vsix.targetPlatform)) {
    findings.error('manifest-field', `There is no target platform "${vsix.targetPlatform}".`, { file: FILE })
  }
  checkEngine(json, vsix, findings)
}

export const targetPlatformOf = (vsix: VsixManifest): string => vsix.targetPlatform ?? UNIVERSAL
export const isPreRelease = (vsix: VsixManifest): boolean =>
  vsix.properties.get(`${CODE}PreRelease`) === 'true'

const isTargetPlatform = (platform: string): boolean =>
  platform === UNIVERSAL || TARGET_PLATFORMS.includes(platform)

/** Editors write into `package.json` what they installed, and believe it. In a package it can only repeat what the manifest says. */
function compareInstalled(
  json: PackageJson,
  vsix: VsixManifest,
  compare: (what: string, there: string, here: string) => void,
): void {
  const installed = json.__metadata
  if (!isObject(installed)) return
  const { targetPlatform, isPreReleaseVersion } = installed
  if (typeof targetPlatform === 'string' && targetPlatform !== 'undefined') {
    compare('The target platform', targetPlatformOf(vsix), targetPlatform)
  }
  if (isPreReleaseVersion !== undefined) {
    compare('Whether it is a pre-release', String(isPreRelease(vsix)), String(isPreReleaseVersion))
  }
}

function checkEngine(json: PackageJson, vsix: VsixManifest, findings: Findings): void {
  const { vscode } = json.engines
  if (vscode === '*') return
  const floor = engineFloor(vscode)
  const tooOld = (what: string, since: string) =>
    findings.error('manifest-field', `${what} need engines.vscode ${since} or higher; it is ${vscode}.`, {
      file: PACKAGE_JSON,
    })
  if (targetPlatformOf(vsix) !== UNIVERSAL && floor < PLATFORMS_SINCE) tooOld('Target platforms', '1.61.0')
  if (isPreRelease(vsix) && floor < PRE_RELEASES_SINCE) tooOld('Pre-releases', '1.63.0')
}
