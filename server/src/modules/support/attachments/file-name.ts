const MAX_LENGTH = 120
/** An extension is kept when a name is cut. */
const EXTENSION = /\.[^.\s]{1,16}$/u

/** Controls, format characters (those that turn the direction of text among them), what is no character, and separators of lines. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu
/** What file systems and shells give a meaning. */
const SPECIAL = /[<>:"|?*]/g

/** Without dots and blanks around it. By hand: an expression looks at each run of dots within the name again and again. */
function withoutEnds(name: string): string {
  const isEnd = (char: string | undefined): boolean => char === '.' || char === ' '
  let start = 0
  let end = name.length
  while (start < end && isEnd(name[start])) start++
  while (end > start && isEnd(name[end - 1])) end--
  return name.slice(start, end)
}

/**
 * What a file is called, as it can be shown and saved anywhere: no path, nothing that hides or reorders what is read (`cod\u202Egpj.exe`
 * looks like `codexe.jpg`), no hidden file, of bounded length. The type never follows from it.
 */
export function cleanFileName(given: string): string {
  const name = withoutEnds(
    (given.normalize('NFC').split(/[\\/]/).pop() ?? '')
      .replace(INVISIBLE, '')
      .replace(SPECIAL, '_')
      .replace(/\s+/gu, ' '),
  )
  if (name === '') return 'attachment'
  const letters = [...name]
  if (letters.length <= MAX_LENGTH) return name
  const extension = EXTENSION.exec(name)?.[0] ?? ''
  return (
    letters
      .slice(0, MAX_LENGTH - [...extension].length)
      .join('')
      .trimEnd() + extension
  )
}
