/** A question that waits for its batch. */
interface Waiting<Q, A> {
  question: Q
  resolve(answer: A): void
  reject(error: unknown): void
}

export interface BatchOptions<Q, A> {
  /** Answers questions, in their order. Begins after all of them were asked. */
  answer(questions: Q[]): Promise<A[]>
  /** Questions that are answered at once at the most. */
  max: number
  /** Batches under way at once: while they run, the next questions gather. */
  inFlight: number
}

/**
 * Answers questions that come together in one go: a busy server asks the database far less often and on fewer connections, and a quiet one
 * waits for nothing.
 */
export function createBatch<Q, A>({
  answer,
  max,
  inFlight,
}: BatchOptions<Q, A>): (question: Q) => Promise<A> {
  const waiting: Waiting<Q, A>[] = []
  let running = 0
  let scheduled = false

  function schedule(): void {
    if (scheduled || running >= inFlight || waiting.length === 0) return
    scheduled = true
    // After the callbacks of this turn of the event loop: everything the kernel had for us is in the batch.
    setImmediate(() => {
      scheduled = false
      running++
      void run(waiting.splice(0, max)).finally(() => {
        running--
        schedule()
      })
      schedule()
    })
  }

  async function run(batch: Waiting<Q, A>[]): Promise<void> {
    try {
      const answers = await answer(batch.map(({ question }) => question))
      for (const [place, { resolve }] of batch.entries()) resolve(answers[place] as A)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject })
      schedule()
    })
}
