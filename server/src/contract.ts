import type { ErrorCode, ErrorDetails } from './errors.ts'
import type { AppRouter } from './router.ts'

// What the SDK may see of this server: names and shapes, nothing that imports. `pnpm contract` has the compiler print the
// types of the two values below and writes them to sdk/src/contract.gen.ts.

/** Spells a type out, member by member, so that no name of ours remains in the print. Times stay `Date`: superjson carries them. */
type Plain<T> = unknown extends T
  ? T
  : T extends string | number | boolean | bigint | null | undefined | Date
    ? T
    : T extends (infer Item)[]
      ? Plain<Item>[]
      : { [K in keyof T]: Plain<T[K]> }

type AnyProcedure = { _def: { type: string; $types: { input: unknown; output: unknown } } }

/** `module.name` of every procedure in a (nested) record of routers. */
type Paths<R> = {
  [K in keyof R & string]: R[K] extends AnyProcedure ? K : `${K}.${Paths<R[K]>}`
}[keyof R & string]

/** The procedure at a path. */
type At<R, P extends string> = P extends keyof R
  ? R[P]
  : P extends `${infer Head}.${infer Rest}`
    ? Head extends keyof R
      ? At<R[Head], Rest>
      : never
    : never

/** A strict object without members stays one: spelled out it would look like a type that got lost. */
type Input<I> = [I] extends [undefined]
  ? undefined
  : [I] extends [Record<string, never>]
    ? Record<string, never>
    : Plain<I>

/** What a stream yields. Ids of `tracked` entries are the transport's business. */
type Yielded<O> = O extends AsyncIterable<infer E> ? (E extends { id: string; data: infer D } ? D : E) : never

type Described<P> = P extends { _def: { type: infer Kind; $types: { input: infer I; output: infer O } } }
  ? { kind: Kind; input: Input<I>; output: Kind extends 'subscription' ? Plain<Yielded<O>> : Plain<O> }
  : never

/** `null` for codes that say it all. */
type Details<D> = unknown extends D ? null : Plain<D>

type Procedures = AppRouter['_def']['record']

declare function reveal<T>(): T

export const contract = reveal<{ [P in Paths<Procedures>]: Described<At<Procedures, P>> }>()
export const errorDetails = reveal<{ [C in ErrorCode]: Details<ErrorDetails<C>> }>()
