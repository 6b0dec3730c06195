import { cpus } from 'node:os'
import manifest from '../package.json' with { type: 'json' }
import { CONNECTIONS, type Contender, type Round } from './harness.ts'

export const say = (line: string): void => void process.stdout.write(`${line}\n`)

export interface Result {
  contender: Contender
  rounds: Round[]
}

const median = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]]
  return (low + high) / 2
}

const over = (rounds: Round[], value: (round: Round) => number): number => median(rounds.map(value))

/** Prints the table and the ratios. The order of the results is that of `validate.ts`. */
export function printReport(results: Result[], roundMs: number): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`
  say(`${machine}, Node ${process.versions.node}; ${versions()}`)
  say(
    `${results[0]?.rounds.length} rounds of ${roundMs / 1_000} s in turns, ${CONNECTIONS} connections; medians\n`,
  )
  line(['', 'requests/s', 'lowest–highest', 'p50 ms', 'p99 ms', 'server µs', 'Postgres µs', 'generator µs'])
  for (const { contender, rounds } of results) {
    const rates = rounds.map((round) => round.perSecond)
    const hasDatabase = rounds.every((round) => round.databaseMicros !== null)
    line([
      contender.name,
      whole(median(rates)),
      `${whole(Math.min(...rates))}–${whole(Math.max(...rates))}`,
      over(rounds, (round) => round.p50Ms).toFixed(2),
      over(rounds, (round) => round.p99Ms).toFixed(2),
      whole(over(rounds, (round) => round.serverMicros)),
      hasDatabase ? whole(over(rounds, (round) => round.databaseMicros ?? 0)) : '–',
      whole(over(rounds, (round) => round.generatorMicros)),
    ])
  }
  say('(µs: processor time per request)\n')
  const [floor, express, prepared, ours, single, ten] = results
  if (floor && express && prepared && ours && single && ten) {
    say(`ours / floor                            ${ratio(ours, floor)}   aim: 0.90`)
    say(`ours / Express                          ${ratio(ours, express)}   aim: 4.00`)
    say(`ours / Express with a named statement   ${ratio(ours, prepared)}`)
    say(`ours with batch: false / floor          ${ratio(single, floor)}`)
    say(`answers in requests of ten / floor      ${ratio(ten, floor, 10)}`)
    say(`answers in requests of ten / Express    ${ratio(ten, express, 10)}`)
  }
  if (floor && express && ours) {
    const dearer = (result: Result): string => (cost(result) / cost(ours)).toFixed(2)
    say(
      `processor time of server and Postgres per request, ours = 1: floor ${dearer(floor)}, Express ${dearer(express)}`,
    )
  }
  const all = results.flatMap(({ rounds }) => rounds)
  const sum = (value: (round: Round) => number) =>
    whole(all.reduce((total, round) => total + value(round), 0))
  say(
    `\nNone of ${sum((round) => round.requests)} answers was wrong: all were checked for status and verdict, ${sum((round) => round.checkedFully)} field by field.`,
  )
}

/** Processor time per request, in µs: what is left to compare when the machine is busy with other things. */
const cost = ({ rounds }: Result): number =>
  over(rounds, (round) => round.serverMicros + (round.databaseMicros ?? 0))

/** The median of the ratios of each round, and their range. */
function ratio(a: Result, b: Result, factor = 1): string {
  const each = a.rounds.map((round, i) => (factor * round.perSecond) / (b.rounds[i]?.perSecond ?? Number.NaN))
  return `${median(each).toFixed(2)}  (${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)})`
}

const line = (cells: string[]): void =>
  say(cells.map((cell, i) => (i === 0 ? cell.padEnd(32) : cell.padStart(15))).join(''))

const whole = (value: number): string => Math.round(value).toLocaleString('en-US')

/** As pinned, which is what is installed. */
function versions(): string {
  const pins: Record<string, string> = manifest.devDependencies
  return ['express', 'pg', 'postgres', 'hono', '@hono/node-server']
    .map((name) => `${name} ${pins[name]}`)
    .join(', ')
}
