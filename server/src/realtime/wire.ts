import { isTrackedEnvelope, type TrackedEnvelope, tracked } from '@trpc/server'
import { z } from 'zod'

type Stream<T> = AsyncIterable<TrackedEnvelope<T>, void>

const isStream = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** Where a client left off: the id of the last entry that it got. tRPC also takes it from the `Last-Event-ID` header. */
export const lastEventId = z
  .string()
  .regex(/^\d{1,15}$/)
  .optional()
  .describe('The id of the last event that arrived; what came after it follows.')

/** The sequence that a `lastEventId` names; 0 without one. */
export const sequenceOf = (id: string | undefined): number => (id === undefined ? 0 : Number(id))

/** The output of a stream: every entry is checked on its way out, as the answers of other procedures are. */
export function streamOf<S extends z.ZodType>(entry: S): z.ZodType<Stream<z.output<S>>, Stream<z.input<S>>> {
  return z.custom<Stream<z.input<S>>>(isStream).transform(async function* (stream): Stream<z.output<S>> {
    for await (const envelope of stream) {
      if (!isTrackedEnvelope<z.input<S>>(envelope)) throw new TypeError('entries of a stream are tracked')
      yield tracked(envelope[0], await entry.parseAsync(envelope[1]))
    }
  })
}
