import { SaxesParser } from 'saxes'
import type { Findings } from '../findings.ts'
import type { InspectedFile } from './files.ts'

const ACTIVE_ELEMENTS = new Set(['script', 'handler', 'listener', 'iframe', 'object', 'embed'])
/** Browsers ignore blanks and control characters in a scheme. A list of values of an animation is split by semicolons. */
const SCRIPT_VALUE = /(?:^|;)(?:javascript|vbscript|data:(?:text\/|application\/|image\/svg))/i
const ENTITY = /<!ENTITY\s+([\w.-]+)\s+(?:"([^"]*)"|'([^']*)')\s*>/g

/**
 * Looks for scripts in an SVG: in an image they do not run, but on its own page it is a document with the rights of where it lies.
 * Reads it as browsers do, as XML up to its first error.
 */
export function svgCheck(file: InspectedFile, findings: Findings): (text: string) => void {
  const parser = new SaxesParser({ xmlns: true, position: true })
  let isOver = false
  const tell = (message: string) => {
    if (isOver) return
    isOver = true
    const severity = file.place === 'own' ? 'error' : 'warning'
    findings.add({ rule: 'svg-script', severity, message, file: file.name, line: parser.line })
  }
  parser.on('error', () => {
    isOver = true
  })
  // Drawing programs name their namespaces by entities; one that brings markup along brings scripts along.
  parser.on('doctype', (doctype) => {
    for (const [, name = '', double, single = ''] of doctype.matchAll(ENTITY)) {
      const value = double ?? single
      if (/[<&%]/.test(value)) tell('An entity of the image holds markup.')
      parser.ENTITIES[name] = value
    }
  })
  parser.on('opentag', ({ local, attributes }) => {
    if (ACTIVE_ELEMENTS.has(local.toLowerCase())) tell(`The image holds a <${local.toLowerCase()}>.`)
    for (const { local: name, value, prefix } of Object.values(attributes)) {
      if (prefix === 'xmlns' || name === 'xmlns') continue
      if (/^on[a-z]/i.test(name)) tell(`The image runs code on an event (${name}).`)
      const isData = local.toLowerCase() === 'image' && /^data:image\/svg/i.test(value)
      if (!isData && SCRIPT_VALUE.test(value.replace(/[\p{Cc}\s]+/gu, ''))) {
        tell(`The image holds a link that runs code (${name}).`)
      }
    }
  })
  return (text) => {
    if (!isOver) parser.write(text)
  }
}
