import type { DevForge } from '../../index.ts'
import type { Io, Style } from './io.ts'

export interface Option {
  type: 'string' | 'boolean'
  short?: string
  /** What stands for the value in the help. */
  value?: string
  help: string
}

/** The command line, taken apart. */
export interface Args {
  positionals: string[]
  text(name: string): string | undefined
  flag(name: string): boolean
}

/** What a command works with. */
export interface Cli {
  io: Io
  style: Style
  json: boolean
  /** Prints what was asked for: as JSON with --json, else as the lines say. */
  print(value: unknown, lines: () => string | string[]): void
  /** Says something on the side; not with --json. */
  note(text: string): void
  /** A client of the server that is meant, with whoever is signed in. @throws UsageError when nobody said which server */
  forge(): Promise<DevForge>
  /** Where the server is. @throws UsageError */
  url(): Promise<string>
  /** Notes the server to use from now on. */
  rememberUrl(url: string): Promise<void>
  /** Whether a token from the environment speaks, instead of a session. */
  hasToken: boolean
}

export interface Command {
  name: string
  /** One line for the list. */
  summary: string
  /** What follows the name, such as `<id>`. */
  operands: string
  minOperands: number
  maxOperands: number
  /** More about it, below its options. */
  details?: string
  options: Record<string, Option>
  run(cli: Cli, args: Args): Promise<number>
}

/** Options of every command. */
export const COMMON: Record<string, Option> = {
  url: { type: 'string', value: '<url>', help: 'the server (DEVFORGE_URL, else that of the last login)' },
  json: { type: 'boolean', help: 'print JSON, and nothing else, on stdout' },
  help: { type: 'boolean', short: 'h', help: 'say how it is used' },
}
