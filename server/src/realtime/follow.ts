import { type TrackedEnvelope, tracked } from '@trpc/server'
import { SECOND } from '../clock.ts'
import type { Deps } from '../deps.ts'
import type { Changes } from './hub.ts'
import type { Topic } from './notify.ts'

/** One entry of an append-only history. */
export interface Entry {
  /** Its place in the history, and the id that a client resumes from. */
  sequence: number
}

export interface History<E extends Entry> {
  topic: Topic
  /** Whose stream it is: accounts have a number of streams at most. */
  accountId: string
  /** Where the client left off; 0 for everything. */
  after: number
  /** @throws AppError once the caller may no longer see this. Asked before anything is read. */
  authorize(): Promise<void>
  /**
   * What comes after a sequence, oldest first, some at a time; nothing when there is no more. `ended` when nothing can come after it.
   * `more` says whether to ask again at once; default: as long as something comes. `through`: how far was read, where that is further than
   * the last entry, since not all was meant for the caller.
   * Entries of one topic must be written under one lock, so that none appears behind one that was read already.
   * @param shared reads what is the same for all who follow the topic
   */
  read(
    after: number,
    shared: Changes['shared'],
  ): Promise<{ entries: E[]; ended: boolean; more?: boolean; through?: number }>
}

/** Without a change, rights are looked at again and the history is read again this often. */
const LOOK_AGAIN_MS = 25 * SECOND

/** How long a look at rights counts while the history is read on. */
const AUTHORIZED_MS = 2 * SECOND

/**
 * Streams a history: what there is, then what comes, each entry once and in order, until it ends. The history is the truth and
 * notifications only wake the reader, so nothing is lost when they are.
 * @throws AbortError when the client left or this server stops
 */
export async function* follow<E extends Entry>(
  { realtime }: Pick<Deps, 'realtime'>,
  history: History<E>,
  signal: AbortSignal | undefined,
): AsyncGenerator<TrackedEnvelope<E>, void> {
  using _open = realtime.enter(history.accountId)
  // Before the first look, so that nothing falls in between.
  using changes = realtime.subscribe(history.topic)
  let { after } = history
  for (;;) {
    await history.authorize()
    let authorizedAt = performance.now()
    for (;;) {
      // Whoever reads a long history slowly may lose the right to it on the way.
      if (performance.now() - authorizedAt > AUTHORIZED_MS) {
        await history.authorize()
        authorizedAt = performance.now()
      }
      const page = await history.read(after, changes.shared)
      const { entries, ended, more = entries.length > 0, through } = page
      for (const entry of entries) {
        yield tracked(String(entry.sequence), entry)
        after = entry.sequence
      }
      after = through ?? after
      if (ended) return
      // What came since has set the topic's waiter off: it is read then.
      if (!more) break
    }
    await changes.next(LOOK_AGAIN_MS, signal)
  }
}
