import { setTimeout as sleep } from 'node:timers/promises'

const out = (text: string): void => void process.stdout.write(`${text}\n`)
const bold = (text: string): string => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text)
let steps = 0

export const section = (title: string): void => out(`\n${bold(`== ${title} ==`)}`)
export const step = (title: string): void => out(`\n${bold(`${++steps}. ${title}`)}`)
export const show = (what: string, value: string): void => out(`   ${what.padEnd(12)} ${value}`)

/** Says that something holds; ends the demo when it does not. */
export function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`It does not hold that ${what}.`)
  out(`   ✓ ${what}`)
}

/** Waits for what happens behind the scenes, and says how long it took. */
export async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const started = performance.now()
  for (;;) {
    const found = await look()
    if (found !== null) {
      out(`   ✓ ${what} (${Math.round(performance.now() - started)} ms)`)
      return found
    }
    if (performance.now() - started > 20_000) throw new Error(`Waited 20 s, but not: ${what}`)
    await sleep(50)
  }
}

export const closing = (): void => out(`\n${bold('Everything held.')} ${steps} steps.\n`)
