import type { Caller, CallPath, Kind } from '../contract.ts'

/** Names of the procedures of a module. */
type NameOf<M extends string> = { [P in CallPath]: P extends `${M}.${infer N}` ? N : never }[CallPath]

/** Which procedure each method calls: the one of its name, as a query or a mutation. */
type Kinds<M extends string, A> = {
  [N in Extract<keyof A, NameOf<M>>]: Kind<Extract<CallPath, `${M}.${N}`>>
}

type AnyCall = (path: string, kind: string, input?: object, options?: object) => Promise<unknown>

/**
 * Methods that hand what they are given to the procedure of their name. There are dozens of them: spelled out each, they would be a
 * good part of the client's size.
 */
export const methodsOf =
  <M extends string>(module: M) =>
  <A>(call: Caller, kinds: Kinds<M, A>): Pick<A, Extract<keyof A, NameOf<M>>> => {
    const entries = Object.entries<string>(kinds).map(([name, kind]) => [
      name,
      (input: object = {}, options?: object) => (call as AnyCall)(`${module}.${name}`, kind, input, options),
    ])
    // Each takes and answers what the contract says of its procedure; tests/sdk/methods.test.ts calls them all.
    return Object.fromEntries(entries)
  }
