import type { Caller, CallPath, Kind } from '../contract.ts'

type Name = { [P in CallPath]: P extends `marketplace.${infer N}` ? N : never }[CallPath]

/** Which procedure each method calls: the one of its name, as a query or a mutation. */
export type Kinds<A> = { [N in Extract<keyof A, Name>]: Kind<`marketplace.${N}`> }

type AnyCall = (path: string, kind: string, input?: object, options?: object) => Promise<unknown>

/**
 * Methods that hand what they are given to the procedure of their name. There are dozens of them: spelled out each, they would be a
 * good part of the client's size.
 */
export function methodsOf<A>(call: Caller, kinds: Kinds<A>): Pick<A, Extract<keyof A, Name>> {
  const entries = Object.entries<string>(kinds).map(([name, kind]) => [
    name,
    (input: object = {}, options?: object) => (call as AnyCall)(`marketplace.${name}`, kind, input, options),
  ])
  // Each takes and answers what the contract says of its procedure; tests/sdk/marketplace.test.ts calls them all.
  return Object.fromEntries(entries)
}
