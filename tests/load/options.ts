import { parseArgs } from 'node:util'

interface Option<T> {
  type: 'boolean' | 'string'
  /** What stands for its value in the help. */
  hint?: string
  about: string
  /** @throws TypeError when it cannot be that */
  read(given: string | boolean | undefined): T
}

/** `--name` */
export const flag = (about: string): Option<boolean> => ({
  type: 'boolean',
  about,
  read: (given) => given === true,
})

/** `--name=text` */
export const text = (hint: string, about: string): Option<string | undefined> => ({
  type: 'string',
  hint,
  about,
  read(given) {
    if (given === '') throw new TypeError('needs a value')
    return given === undefined ? undefined : String(given)
  },
})

/** `--name=1000` */
export const number = (about: string): Option<number | undefined> => ({
  type: 'string',
  hint: 'number',
  about,
  read: (given) => (given === undefined ? undefined : wholeNumber(String(given))),
})

/** `--name=1000,2000` */
export const numbers = (about: string): Option<number[] | undefined> => ({
  type: 'string',
  hint: 'number,…',
  about,
  read: (given) => (given === undefined ? undefined : String(given).split(',').map(wholeNumber)),
})

function wholeNumber(given: string): number {
  const value = Number(given)
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`'${given}' is no number above zero`)
  return value
}

/**
 * The options of a bench. Ends the process with its help where that is asked for, and with status 2 for what it does not know: a run takes
 * minutes, and must not begin as another one than was meant.
 */
export function readOptions<O extends Record<string, Option<unknown>>>(
  name: string,
  about: string,
  options: O,
): { [N in keyof O]: ReturnType<O[N]['read']> } {
  const known: Record<string, Pick<Option<unknown>, 'type'>> = { help: { type: 'boolean' } }
  for (const [option, { type }] of Object.entries(options)) known[option] = { type }
  try {
    // pnpm hands on the `--` that other runners need.
    const args = process.argv.slice(2).filter((argument) => argument !== '--')
    const { values } = parseArgs({ args, options: known })
    if (values.help === true) {
      process.stdout.write(`${helpOf(name, about, options)}\n`)
      process.exit(0)
    }
    const read = Object.entries(options).map(([option, { read }]) => {
      try {
        return [option, read(values[option])]
      } catch (error) {
        if (error instanceof TypeError) throw new TypeError(`--${option}: ${error.message}`)
        throw error
      }
    })
    return Object.fromEntries(read)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`${error.message}\n\n${helpOf(name, about, options)}\n`)
    process.exit(2)
  }
}

function helpOf(name: string, about: string, options: Record<string, Option<unknown>>): string {
  const rows = Object.entries(options).map(([option, { hint, about: does }]) => [
    `--${option}${hint === undefined ? '' : `=${hint}`}`,
    does,
  ])
  rows.push(['--help', 'this'])
  const width = Math.max(...rows.map(([left = '']) => left.length))
  return [
    `pnpm bench:${name}: ${about}`,
    '',
    ...rows.map(([left = '', right]) => `  ${left.padEnd(width)}  ${right}`),
  ].join('\n')
}
