import type { Db } from '@devforge/db'
import type { Deps } from './deps.ts'
import type { ContextLog } from './log.ts'

/** Who is asking. Procedure builders narrow it, so that services never guess. */
export type Actor =
  | { type: 'anonymous' }
  | { type: 'user'; userId: string; sessionId: string; impersonatedBy?: string }
  | { type: 'token'; userId: string; tokenId: string; scopes: string[] }
  | { type: 'agent'; userId: string; sessionId: string; impersonatedBy?: string }
  | { type: 'admin'; userId: string; sessionId: string }
  | { type: 'system'; job: string }
  | { type: 'stripe'; eventId: string }

/** Actors that stand for an account. */
export type AccountActor = Extract<Actor, { userId: string }>
/** Actors with a session of a person behind them. */
export type SessionActor = Extract<Actor, { sessionId: string }>
export type AdminActor = Extract<Actor, { type: 'admin' }>

/** What travels down with every call: `db` is the pool or the transaction that `inTx` opened. */
export interface Ctx<A extends Actor = Actor> {
  deps: Deps
  db: Db
  actor: A
  requestId: string
  /** Address of the client, as far as it can be trusted. */
  ip: string
  userAgent: string | null
  log: ContextLog
  /** Runs after the outermost transaction committed (at once outside of one). For nudges, never for promises: those go into the outbox. */
  afterCommit(effect: () => void): void
}

/** How an actor is written into events and audit rows. */
export function actorLabel(actor: Actor): string {
  switch (actor.type) {
    case 'anonymous':
      return 'anonymous'
    case 'user':
    case 'agent':
      return actor.impersonatedBy === undefined
        ? `${actor.type}:${actor.userId}`
        : `admin:${actor.impersonatedBy}:as:${actor.userId}`
    case 'admin':
      return `${actor.type}:${actor.userId}`
    case 'token':
      return `token:${actor.tokenId}`
    case 'system':
      return `system:${actor.job}`
    case 'stripe':
      return `stripe:${actor.eventId}`
  }
}

/** A context for work that no request asked for: jobs, seeds, tests. */
export function systemContext(deps: Deps, actor: Extract<Actor, { type: 'system' | 'stripe' }>): Ctx {
  const name = actor.type === 'system' ? actor.job : actor.eventId
  return {
    deps,
    db: deps.db,
    actor,
    requestId: name,
    ip: '127.0.0.1',
    userAgent: null,
    log: deps.log.child({ actor: actorLabel(actor) }),
    afterCommit: (effect) => effect(),
  }
}
