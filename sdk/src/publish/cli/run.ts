import { parseArgs } from 'node:util'
import { createDevForge, type DevForge } from '../../index.ts'
import { type Args, type Cli, COMMON, type Command } from './command.ts'
import { commands } from './commands/index.ts'
import { explain } from './explain.ts'
import { commandHelp, overview } from './help.ts'
import { EXIT, type Io, styleOf, UsageError } from './io.ts'
import { rememberUrl, sessionOf, tokenIn, urlOf } from './settings.ts'

/**
 * Runs `devforge` with arguments.
 * @returns the code that the process ends with
 */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const [name = '--help', ...rest] = argv
  const json = argv.includes('--json')
  try {
    if (name === '--help' || name === '-h' || name === 'help') {
      const about = commands.find((command) => command.name === rest[0])
      io.out(about ? commandHelp(about) : overview(commands))
      return EXIT.ok
    }
    const command = commands.find((one) => one.name === name)
    if (!command) throw new UsageError(`There is no command "${name}". See: devforge --help`)
    const args = parse(command, rest)
    if (args.flag('help')) {
      io.out(commandHelp(command))
      return EXIT.ok
    }
    const { length } = args.positionals
    if (length < command.minOperands || length > command.maxOperands) {
      throw new UsageError(`Usage: devforge ${command.name} ${command.operands}`.trimEnd())
    }
    return await command.run(createCli(io, args), args)
  } catch (error) {
    return explain(error, io, json)
  }
}

function parse(command: Command, argv: string[]): Args {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, ...COMMON }).map(([name, { type, short }]) => [
      name,
      short === undefined ? { type } : { type, short },
    ]),
  )
  try {
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true, strict: true })
    return {
      positionals,
      text(name) {
        const value = values[name]
        return typeof value === 'string' ? value : undefined
      },
      flag: (name) => values[name] === true,
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new UsageError(`${message} See: devforge ${command.name} --help`)
  }
}

function createCli(io: Io, args: Args): Cli {
  const json = args.flag('json')
  const url = (): Promise<string> => urlOf(io, args.text('url'))
  const token = tokenIn(io)
  let client: Promise<DevForge> | undefined
  const open = async (): Promise<DevForge> => {
    const at = await url()
    return createDevForge({
      url: at,
      fetch: io.fetch,
      ...(token === undefined ? { session: sessionOf(at) } : { apiToken: token }),
    })
  }
  return {
    io,
    json,
    style: styleOf(io),
    print(value, lines) {
      if (json) return io.out(`${JSON.stringify(value, null, 2)}\n`)
      const text = lines()
      for (const line of typeof text === 'string' ? [text] : text) io.out(`${line}\n`)
    },
    note(text) {
      if (!json) io.err(`${text}\n`)
    },
    url,
    rememberUrl,
    hasToken: token !== undefined,
    forge: () => {
      client ??= open()
      return client
    },
  }
}
