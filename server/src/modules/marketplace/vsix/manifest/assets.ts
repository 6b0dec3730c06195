import { type Findings, shown } from '../findings.ts'
import type { PackageLimits } from '../limits.ts'
import type { Archive, VsixPackage } from '../types.ts'
import type { PackageJson } from './package-json.ts'
import type { VsixManifest } from './vsix-manifest.ts'

const FILE = 'extension.vsixmanifest'
const SERVICES = 'Microsoft.VisualStudio.Services.'

/**
 * The files that are shown beside an extension. Each must be in the package; what else the manifest names as an asset as well, since
 * an editor asks for it.
 */
export function readAssets(
  archive: Archive,
  json: PackageJson,
  vsix: VsixManifest,
  limits: PackageLimits,
  findings: Findings,
): VsixPackage['files'] {
  for (const [type, path] of vsix.assets) {
    if (path.startsWith('extension/') && archive.entry(path)) continue
    findings.error(
      'manifest-asset',
      `The asset ${type} names a file that is not in the package: ${shown(path)}`,
      {
        file: FILE,
      },
    )
  }
  const files = {
    readme: vsix.assets.get(`${SERVICES}Content.Details`),
    changelog: vsix.assets.get(`${SERVICES}Content.Changelog`),
    license: vsix.assets.get(`${SERVICES}Content.License`),
    icon: vsix.assets.get(`${SERVICES}Icons.Default`),
  }
  for (const path of Object.values(files)) {
    const sizeBytes = path === undefined ? 0 : (archive.entry(path)?.sizeBytes ?? 0)
    if (sizeBytes > limits.maxAssetBytes) {
      const message = `The file has ${sizeBytes} bytes; ${limits.maxAssetBytes} are the most of what is shown.`
      findings.error('file-too-large', message, { file: path })
    }
  }
  checkEntryPoints(archive, json, findings)
  return files
}

/** Where the code starts must lie in the package: `../../elsewhere.js` would run what nobody has looked at. */
function checkEntryPoints(archive: Archive, json: PackageJson, findings: Findings): void {
  for (const field of ['main', 'browser'] as const) {
    const path = json[field]
    if (!path) continue
    const file = 'extension/package.json'
    const parts = path.split(/[\\/]/).filter((part) => part !== '' && part !== '.')
    if (parts.includes('..') || /^(?:[\\/]|[A-Za-z]:)/.test(path)) {
      findings.error('entry-point', `"${field}" leads out of the extension: ${path}`, { file })
      continue
    }
    const entry = ['extension', ...parts].join('/')
    const candidates = ['', '.js', '.cjs', '.mjs', '.json', '.node', '/index.js'].map((end) => entry + end)
    if (candidates.some((name) => archive.entry(name))) continue
    findings.add({
      rule: 'entry-point',
      severity: 'warning',
      message: `"${field}" names a file that is not in the package: ${path}`,
      file,
    })
  }
}
