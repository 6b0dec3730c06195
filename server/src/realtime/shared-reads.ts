import { SECOND } from '../clock.ts'

/** Where a notification was lost, whoever looks again finds what is new all the same. */
const SHARED_MS = SECOND

/** Reads the same for all who wait on one topic: once after each change, not once for each of them. */
export class SharedReads {
  readonly #reads = new Map<string, Promise<unknown>>()

  /** @param key says all that the answer depends on, besides the topic */
  read<T>(key: string, read: () => Promise<T>): Promise<T> {
    // The same key names the same question, so the answers are of one type.
    const known = this.#reads.get(key) as Promise<T> | undefined
    if (known) return known
    const answer = read()
    this.#reads.set(key, answer)
    const forget = (): void => {
      if (this.#reads.get(key) === answer) this.#reads.delete(key)
    }
    setTimeout(forget, SHARED_MS).unref()
    answer.catch(forget)
    return answer
  }

  /** What is read from now on is read anew: something has changed, and what was read, or is being read, may be older. */
  forget(): void {
    this.#reads.clear()
  }
}
