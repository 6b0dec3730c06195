/** What a command may touch of the world: tests hand in another one. */
export interface Io {
  out(text: string): void
  err(text: string): void
  /** Whether somebody watches: then progress is drawn, and colors are used. */
  isTerminal: boolean
  columns: number
  env: Record<string, string | undefined>
  cwd: string
  fetch?: typeof globalThis.fetch
  /** Ends what is under way: Ctrl+C. */
  signal?: AbortSignal
}

/** The codes that the process ends with. */
export const EXIT = {
  ok: 0,
  /** Anything that is none of the others. */
  failed: 1,
  /** The command line is not understood. */
  usage: 2,
  /** The package was refused; findings say why. */
  rejected: 3,
  /** Not signed in, or not allowed. */
  forbidden: 4,
  /** The server cannot be reached, or is too busy. */
  unreachable: 5,
  /** With --wait: a moderator has to decide. */
  held: 6,
  /** With --wait: not decided in time. */
  timeout: 7,
  interrupted: 130,
} as const

/** A mistake in the command line; its message is all that is to be said. */
export class UsageError extends Error {}

export interface Style {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
}

/** Colors where they are wanted: https://no-color.org */
export function styleOf({ isTerminal, env }: Io): Style {
  const colored = (isTerminal || env.FORCE_COLOR === '1') && !env.NO_COLOR && env.TERM !== 'dumb'
  const code = (open: number, close: number) => (text: string) =>
    colored ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return { bold: code(1, 22), dim: code(2, 22), red: code(31, 39), green: code(32, 39), yellow: code(33, 39) }
}
