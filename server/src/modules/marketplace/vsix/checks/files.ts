import type { VsixPackage } from '../types.ts'

/** Whose work a file is. Secrets in a bundled package were published before, and its tests hold keys that open nothing. */
export type Place = 'own' | 'bundled' | 'bundled-test'

export interface InspectedFile {
  name: string
  /** Without the folders, in lower case. */
  baseName: string
  /** With its dot, in lower case; empty when there is none. */
  extension: string
  place: Place
  /** Node.js or the editor may run it, whatever its bytes look like. */
  isCode: boolean
}

const CODE = new Set(
  '.js .cjs .mjs .jsx .ts .cts .mts .tsx .json .jsonc .html .htm .xhtml .vue .svelte .py .rb .php .pl .lua .sh .bash .zsh .fish .ps1 .psm1 .bat .cmd .vbs .java .kt .cs .fs .go .rs .swift .c .h .cc .cpp .hpp'.split(
    ' ',
  ),
)

const TEST_FOLDER = /\/(?:__)?(?:tests?|specs?|fixtures?|examples?|mocks?|docs?|bench(?:marks?)?)(?:__)?\//i
const DOCUMENT = /\.(?:md|markdown|txt|rst)$/i

/** Tells what a file is by where it lies and what it is called. */
export function fileSorter(pkg: VsixPackage): (name: string) => InspectedFile {
  const entryPoints = [pkg.manifest.main, pkg.manifest.browser]
    .filter((path) => typeof path === 'string')
    .map((path) => `extension/${path.replace(/^(?:\.?\/)+/, '')}`)
  return (name) => {
    const baseName = name.slice(name.lastIndexOf('/') + 1).toLowerCase()
    const dot = baseName.lastIndexOf('.')
    const extension = dot > 0 ? baseName.slice(dot) : ''
    return {
      name,
      baseName,
      extension,
      place: placeOf(name),
      isCode: CODE.has(extension) || entryPoints.some((path) => path === name || `${path}.js` === name),
    }
  }
}

function placeOf(name: string): Place {
  const at = name.lastIndexOf('/node_modules/')
  if (at < 0) return 'own'
  return TEST_FOLDER.test(name.slice(at)) || DOCUMENT.test(name) ? 'bundled-test' : 'bundled'
}
