import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Kind, Kinds } from './types.ts'

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    account TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    json TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, account, seq);
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    account TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    object_id TEXT,
    json TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS events_by_type ON events (type, seq);
  CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL REFERENCES events (id),
    endpoint_id TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at_ms INTEGER,
    last_status INTEGER,
    last_error TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (next_at_ms) WHERE next_at_ms IS NOT NULL;
  CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT NOT NULL,
    account TEXT NOT NULL DEFAULT '',
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    request_id TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (key, account)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS due (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    clock TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    UNIQUE (kind, object_id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS due_by_time ON due (clock, at);
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`

/** Conditions on an object's JSON: dotted path → exact value. */
export type Where = Record<string, string | number | boolean | null | undefined>

export interface Page {
  limit: number
  startingAfterSeq?: number
  endingBeforeSeq?: number
  createdFrom?: number
  createdTo?: number
}

/**
 * The sandbox's only state: one SQLite file. `node:sqlite` is synchronous, so one request is one transaction with
 * nothing between its statements; that is what makes concurrent requests simple here.
 */
export class Store {
  readonly db: DatabaseSync
  private readonly statements = new Map<string, StatementSync>()

  constructor(file: string) {
    this.db = new DatabaseSync(file)
    this.db.exec(SCHEMA)
  }

  prepare(sql: string): StatementSync {
    const known = this.statements.get(sql)
    if (known) return known
    const statement = this.db.prepare(sql)
    this.statements.set(sql, statement)
    return statement
  }

  insert<K extends Kind>(kind: K, object: Kinds[K] & { id: string }, created: number, account = ''): void {
    this.prepare('INSERT INTO objects (id, kind, account, created, json) VALUES (?, ?, ?, ?, ?)').run(
      object.id,
      kind,
      account,
      created,
      JSON.stringify(object),
    )
  }

  update<T extends { id: string }>(object: T): void {
    this.prepare('UPDATE objects SET json = ? WHERE id = ?').run(JSON.stringify(object), object.id)
  }

  delete(id: string): void {
    this.prepare('UPDATE objects SET deleted = 1 WHERE id = ?').run(id)
  }

  isDeleted(id: string): boolean {
    return this.prepare('SELECT deleted FROM objects WHERE id = ?').get(id)?.deleted === 1
  }

  /** The object, or undefined when it is unknown, deleted, of another kind or of another account. */
  find<K extends Kind>(kind: K, id: string, account?: string): Kinds[K] | undefined {
    const row = this.prepare('SELECT kind, account, deleted, json FROM objects WHERE id = ?').get(id)
    if (!row || row.kind !== kind || row.deleted === 1) return undefined
    if (account !== undefined && row.account !== account) return undefined
    return JSON.parse(String(row.json)) as Kinds[K]
  }

  /** Kind and JSON of any id, for expansion. */
  findAny(id: string): { kind: Kind; deleted: boolean; object: Record<string, unknown> } | undefined {
    const row = this.prepare('SELECT kind, deleted, json FROM objects WHERE id = ?').get(id)
    if (!row) return undefined
    return {
      kind: String(row.kind) as Kind,
      deleted: row.deleted === 1,
      object: JSON.parse(String(row.json)) as Record<string, unknown>,
    }
  }

  seqOf(id: string): number | undefined {
    const row = this.prepare('SELECT seq FROM objects WHERE id = ?').get(id)
    return row ? Number(row.seq) : undefined
  }

  accountOf(id: string): string {
    return String(this.prepare('SELECT account FROM objects WHERE id = ?').get(id)?.account ?? '')
  }

  /** Objects of a kind, newest first (Stripe's order). */
  list<K extends Kind>(kind: K, where: Where = {}, page: Page = { limit: -1 }, account?: string): Kinds[K][] {
    const conditions = ['kind = ?', 'deleted = 0']
    const values: (string | number | null)[] = [kind]
    if (account !== undefined) {
      conditions.push('account = ?')
      values.push(account)
    }
    for (const [path, value] of Object.entries(where)) {
      if (value === undefined) continue
      conditions.push(`json_extract(json, ?) ${value === null ? 'IS NULL' : '= ?'}`)
      values.push(`$.${path}`)
      if (value !== null) values.push(typeof value === 'boolean' ? Number(value) : value)
    }
    return this.select(conditions, values, page, 'objects').map((json) => JSON.parse(json) as Kinds[K])
  }

  /** Shared by objects and events: cursor, time range, order. */
  select(
    conditions: string[],
    values: (string | number | null)[],
    page: Page,
    table: 'objects' | 'events',
  ): string[] {
    const bound: [string, number | undefined][] = [
      ['seq < ?', page.startingAfterSeq],
      ['seq > ?', page.endingBeforeSeq],
      ['created >= ?', page.createdFrom],
      ['created <= ?', page.createdTo],
    ]
    for (const [condition, value] of bound) {
      if (value === undefined) continue
      conditions.push(condition)
      values.push(value)
    }
    const backwards = page.endingBeforeSeq !== undefined
    const sql = `SELECT json FROM ${table} WHERE ${conditions.join(' AND ')} ORDER BY seq ${backwards ? 'ASC' : 'DESC'} LIMIT ?`
    const rows = this.prepare(sql)
      .all(...values, page.limit)
      .map((row) => String(row.json))
    return backwards ? rows.reverse() : rows
  }

  setting(name: string): string | undefined {
    const row = this.prepare('SELECT value FROM settings WHERE name = ?').get(name)
    return row ? String(row.value) : undefined
  }

  setSetting(name: string, value: string): void {
    this.prepare(
      'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    ).run(name, value)
  }

  /** Runs `work` in one transaction; what it throws rolls everything back. Nested calls join the outer one. */
  transaction<T>(work: () => T): T {
    if (this.db.isTransaction) return work()
    this.db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.db.exec('COMMIT')
      return result
    } catch (error) {
      this.db.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    this.statements.clear()
    this.db.close()
  }
}
