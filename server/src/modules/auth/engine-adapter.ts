import { AsyncLocalStorage } from 'node:async_hooks'
import { accounts, type Db, sessions, users, verifications } from '@devforge/db'
import type { BetterAuthOptions, DBAdapter, Where } from 'better-auth'
import { type DB, drizzleAdapter } from 'better-auth/adapters/drizzle'
import { type Clock, SECOND } from '../../clock.ts'
import { sha256 } from '../../crypto/secrets.ts'

/** The transaction that the engine joins, if our code called it inside of one. */
export const engineTransaction = new AsyncLocalStorage<Db>()

/** A database handle that is the surrounding transaction where there is one, else the pool. */
function currentDb(pool: Db): Db {
  return new Proxy(pool, {
    get(_, property) {
      const db = engineTransaction.getStore() ?? pool
      const member: unknown = Reflect.get(db, property, db)
      return typeof member === 'function' ? member.bind(db) : member
    },
  })
}

/** How a session token is stored: a dump of the table signs nobody in. */
export const hashSessionToken = (token: string): string => sha256(token).toString('hex')

/** How far `deps.clock` is from the machine's clock. Zero in production; small differences are the time between two readings. */
function offsetMs(clock: Clock): number {
  const offset = clock.now().getTime() - Date.now()
  return Math.abs(offset) < SECOND ? 0 : offset
}

/** A date of ours as the engine must be given it. */
export const engineDate = (clock: Clock, date: Date): Date => new Date(date.getTime() - offsetMs(clock))

type Row = Record<string, unknown>

/**
 * The engine's database, with three things changed.
 * 1. `sessions.token` is stored as SHA-256: writes and lookups are hashed, callers still see the token they know. (The engine
 *    stores it in clear.)
 * 2. The engine reads the machine's clock; its dates are moved so that `deps.clock` is the one time of all rows.
 * 3. Called inside one of our transactions, it joins that.
 */
export function createEngineDatabase(pool: Db, clock: Clock) {
  const build = drizzleAdapter(currentDb(pool) as unknown as DB, {
    provider: 'pg',
    schema: { users, sessions, accounts, verifications },
    usePlural: true,
    transaction: true,
  })

  const shift = (value: unknown, ms: number): unknown => {
    if (ms === 0 || value === null || typeof value !== 'object') return value
    if (value instanceof Date) return new Date(value.getTime() + ms)
    if (Array.isArray(value)) return value.map((item) => shift(item, ms))
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shift(member, ms)]))
  }
  const toDatabase = <T>(value: T): T => shift(value, offsetMs(clock)) as T
  const toEngine = <T>(value: T): T => shift(value, -offsetMs(clock)) as T

  const hashed = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(hashed) : typeof value === 'string' ? hashSessionToken(value) : value

  const inWhere = (model: string, where: Where[]): Where[] =>
    toDatabase(where).map((clause) =>
      model === 'session' && clause.field === 'token'
        ? ({ ...clause, value: hashed(clause.value) } as Where)
        : clause,
    )
  const inData = <T extends Row>(model: string, data: T): T => {
    const dated = toDatabase(data)
    return model === 'session' && 'token' in dated ? { ...dated, token: hashed(dated.token) } : dated
  }
  /** Puts the tokens that the caller asked with back in the place of their hashes. */
  const outRow = <T>(model: string, row: T, asked: unknown): T => {
    const dated = toEngine(row)
    if (model !== 'session' || dated === null || typeof dated !== 'object' || !('token' in dated))
      return dated
    const known = (Array.isArray(asked) ? asked : [asked]).find(
      (token) => typeof token === 'string' && hashSessionToken(token) === dated.token,
    )
    return known === undefined ? dated : { ...dated, token: known }
  }
  const askedToken = (where: Where[] | undefined): unknown =>
    where?.find((clause) => clause.field === 'token')?.value

  type Plain = Omit<DBAdapter, 'transaction'>
  const wrap = <A extends Plain>(inner: A): A => ({
    ...inner,
    create: async (args: Parameters<Plain['create']>[0]) =>
      outRow(
        args.model,
        await inner.create({ ...args, data: inData(args.model, args.data) }),
        args.data.token,
      ),
    findOne: async (args: Parameters<Plain['findOne']>[0]) =>
      outRow(
        args.model,
        await inner.findOne({ ...args, where: inWhere(args.model, args.where) }),
        askedToken(args.where),
      ),
    findMany: async (args: Parameters<Plain['findMany']>[0]) => {
      const rows = await inner.findMany({
        ...args,
        ...(args.where && { where: inWhere(args.model, args.where) }),
      })
      return rows.map((row) => outRow(args.model, row, askedToken(args.where)))
    },
    count: (args: Parameters<Plain['count']>[0]) =>
      inner.count({ ...args, ...(args.where && { where: inWhere(args.model, args.where) }) }),
    update: async (args: Parameters<Plain['update']>[0]) =>
      outRow(
        args.model,
        await inner.update({
          ...args,
          where: inWhere(args.model, args.where),
          update: inData(args.model, args.update),
        }),
        args.update.token ?? askedToken(args.where),
      ),
    updateMany: (args: Parameters<Plain['updateMany']>[0]) =>
      inner.updateMany({
        ...args,
        where: inWhere(args.model, args.where),
        update: inData(args.model, args.update),
      }),
    delete: (args: Parameters<Plain['delete']>[0]) =>
      inner.delete({ ...args, where: inWhere(args.model, args.where) }),
    deleteMany: (args: Parameters<Plain['deleteMany']>[0]) =>
      inner.deleteMany({ ...args, where: inWhere(args.model, args.where) }),
    consumeOne: async (args: Parameters<Plain['consumeOne']>[0]) =>
      outRow(
        args.model,
        await inner.consumeOne({ ...args, where: inWhere(args.model, args.where) }),
        askedToken(args.where),
      ),
    incrementOne: async (args: Parameters<Plain['incrementOne']>[0]) =>
      outRow(
        args.model,
        await inner.incrementOne({
          ...args,
          where: inWhere(args.model, args.where),
          ...(args.set && { set: inData(args.model, args.set) }),
        }),
        askedToken(args.where),
      ),
  })

  return (options: BetterAuthOptions): DBAdapter => {
    const inner = build(options)
    return {
      ...wrap(inner),
      transaction: (work) => inner.transaction((tx) => work(wrap(tx))),
    }
  }
}
