import { sql } from 'drizzle-orm'
import { bigint, customType, integer, text, timestamp } from 'drizzle-orm/pg-core'
import { typeid } from 'typeid-js'

/** Prefixes of our ids, one per kind of thing: `lic_01k…` tells a reader (and a log) what it names. */
export type IdPrefix =
  | 'usr'
  | 'ses'
  | 'acc'
  | 'ver'
  | 'tot'
  | 'dvc'
  | 'tok'
  | 'chk'
  | 'pay'
  | 'pev'
  | 'ref'
  | 'dsp'
  | 'sub'
  | 'inv'
  | 'lic'
  | 'dev'
  | 'lev'
  | 'tri'
  | 'pub'
  | 'ext'
  | 'exv'
  | 'exe'
  | 'smn'
  | 'apl'
  | 'rpt'
  | 'rat'
  | 'rev'
  | 'prc'
  | 'poa'
  | 'sal'
  | 'led'
  | 'trf'
  | 'trv'
  | 'que'
  | 'cal'
  | 'slp'
  | 'mac'
  | 'viw'
  | 'tkt'
  | 'msg'
  | 'att'
  | 'rrq'
  | 'iml'
  | 'art'
  | 'arv'
  | 'fbk'
  | 'dfl'
  | 'kse'
  | 'obx'
  | 'aud'

/** A new prefixed, time-ordered, unguessable id (a TypeID: UUIDv7 in Crockford base32 behind a prefix). */
export function newId(prefix: IdPrefix): string {
  return typeid(prefix).toString()
}

/** The primary key column that every table spells alike. */
export const id = (prefix: IdPrefix) =>
  text('id')
    .primaryKey()
    .$defaultFn(() => newId(prefix))

/** A point in time with zone, as `Date`. Milliseconds are all that JavaScript keeps. */
export const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date', precision: 3 })

/** `created_at` and `updated_at`. The application sets both from its clock where time matters; the defaults serve the rest. */
export const timestamps = () => ({
  createdAt: at('created_at').notNull().default(sql`now()`),
  updatedAt: at('updated_at')
    .notNull()
    .default(sql`now()`)
    .$onUpdate(() => new Date()),
})

/** An amount of money in minor units (cents) of the currency beside it; never a float. */
export const money = (name: string) => bigint(name, { mode: 'number' })

/** An ISO 4217 currency code in lower case, as Stripe spells it. */
export const currency = (name = 'currency') => text(name)

/** A small count. */
export const count = (name: string) => integer(name)

/** Raw bytes: digests and sealed secrets. */
export const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })

/** Words and where they stand, for text search. */
export const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' })
