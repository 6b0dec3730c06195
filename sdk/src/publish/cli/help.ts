import { COMMON, type Command, type Option } from './command.ts'

const EXIT_CODES = `Exit codes: 0 done, 1 failed, 2 wrong usage, 3 package refused, 4 not signed in or not allowed, 5 server not reached,
6 held for a moderator (--wait), 7 not decided in time (--wait), 130 interrupted.`

/** What `devforge --help` says. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2
  return [
    'Publishes extensions on a Dev Forge server, and looks after them.',
    '',
    'Usage: devforge <command> [options]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'devforge <command> --help tells more.',
    '',
    'Environment: DEVFORGE_URL the server, DEVFORGE_TOKEN (or OVSX_PAT) an API token for CI, NO_COLOR no colors.',
    EXIT_CODES,
    '',
  ].join('\n')
}

const spelled = (name: string, { short, value }: Option): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`

/** What `devforge <command> --help` says. */
export function commandHelp({ name, summary, operands, details, options }: Command): string {
  const rows = Object.entries({ ...options, ...COMMON }).map(([key, option]) => [
    spelled(key, option),
    option.help,
  ])
  const width = Math.max(...rows.map(([left = '']) => left.length)) + 2
  return [
    `Usage: devforge ${name} ${operands ? `${operands} ` : ''}[options]`,
    '',
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    '',
    ...rows.map(([left = '', right]) => `  ${left.padEnd(width)}${right}`),
    '',
    ...(details === undefined ? [] : [details, '']),
  ].join('\n')
}
