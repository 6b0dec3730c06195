import { type IdPrefix, newId } from '@devforge/db'
import { type Auth, betterAuth } from 'better-auth'
import { APIError } from 'better-auth/api'
import { SECOND } from '../../clock.ts'
import type { Ctx } from '../../context.ts'
import type { Deps } from '../../deps.ts'
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, SESSION_REFRESH_MS, SESSION_TTL_MS } from './constants.ts'
import { createEngineDatabase, engineTransaction } from './engine-adapter.ts'
import { mayHaveSession } from './queries.ts'

/** Our own header for the client's address; whatever a client sends under this name is overwritten where the engine is mounted. */
export const CLIENT_IP_HEADER = 'x-devforge-client-ip'

const ID_PREFIXES: Record<string, IdPrefix> = {
  user: 'usr',
  session: 'ses',
  account: 'acc',
  verification: 'ver',
}

function socialProviders({ env }: Deps) {
  const github =
    env.GITHUB_CLIENT_ID && env.GITHUB_CLIENT_SECRET
      ? { github: { clientId: env.GITHUB_CLIENT_ID, clientSecret: env.GITHUB_CLIENT_SECRET } }
      : {}
  const google =
    env.GOOGLE_CLIENT_ID && env.GOOGLE_CLIENT_SECRET
      ? { google: { clientId: env.GOOGLE_CLIENT_ID, clientSecret: env.GOOGLE_CLIENT_SECRET } }
      : {}
  return { ...github, ...google }
}

function create(deps: Deps) {
  const { env, log } = deps
  return betterAuth({
    appName: 'Dev Forge',
    baseURL: env.PUBLIC_URL,
    basePath: '/api/auth',
    secret: deps.secrets.derive('auth'),
    database: createEngineDatabase(deps.db, deps.clock),
    trustedOrigins: [new URL(env.PUBLIC_URL).origin, ...env.CORS_ORIGINS],
    telemetry: { enabled: false },
    logger: {
      level: 'error',
      log: (level, message) => log[level === 'error' ? 'error' : 'warn']({ engine: message }, 'auth engine'),
    },
    // Its limiter believes X-Forwarded-For and counts by address alone; ours (limits.ts) stands in front of it.
    rateLimit: { enabled: false },
    advanced: {
      // Said outright: left open, the engine checks no origins while NODE_ENV is test, and tests would see another engine.
      disableOriginCheck: false,
      disableCSRFCheck: false,
      ipAddress: { ipAddressHeaders: [CLIENT_IP_HEADER] },
      useSecureCookies: env.PUBLIC_URL.startsWith('https:'),
      cookiePrefix: 'devforge',
      database: {
        generateId: ({ model }) => newId(ID_PREFIXES[model] ?? 'ver'),
      },
    },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: MIN_PASSWORD_LENGTH,
      maxPasswordLength: MAX_PASSWORD_LENGTH,
      password: {
        hash: (password) => deps.passwords.hash(password),
        verify: ({ hash, password }) => deps.passwords.verify(hash, password),
      },
      revokeSessionsOnPasswordReset: true,
    },
    socialProviders: socialProviders(deps),
    account: {
      encryptOAuthTokens: true,
      // An unproven address proves nothing: neither a provider's nor ours is linked by it.
      accountLinking: { enabled: true, trustedProviders: [], requireLocalEmailVerified: true },
    },
    session: {
      expiresIn: SESSION_TTL_MS / SECOND,
      updateAge: SESSION_REFRESH_MS / SECOND,
      additionalFields: { impersonatedBy: { type: 'string', required: false, input: false } },
    },
    verification: { storeIdentifier: 'hashed' },
    user: {
      additionalFields: {
        claimedEmail: { type: 'string', required: false, input: false, returned: false },
        locale: { type: 'string', required: false, input: false },
      },
    },
    databaseHooks: {
      session: {
        create: {
          // Whichever way somebody came in (password, GitHub, a device): a banned or deleted account gets no session.
          before: async (session) => {
            const db = engineTransaction.getStore() ?? deps.db
            if (!(await mayHaveSession(db, { userId: session.userId, now: deps.clock.now() }))) {
              throw new APIError('FORBIDDEN', { code: 'AUTH_BANNED', message: 'This account is blocked.' })
            }
          },
        },
      },
    },
  })
}

export type AuthEngine = ReturnType<typeof create>
type EngineContext = Awaited<Auth['$context']>

const engines = new WeakMap<Deps, AuthEngine>()

/** The engine (better-auth) over a server's dependencies: passwords, accounts, sessions, proofs, social sign-in. */
export function engineOf(deps: Deps): AuthEngine {
  const known = engines.get(deps)
  if (known) return known
  const created = create(deps)
  engines.set(deps, created)
  return created
}

/** Calls the engine's stores so that they take part in the caller's transaction. */
export async function withEngine<T>(
  ctx: Ctx,
  work: (stores: EngineContext['internalAdapter']) => Promise<T>,
): Promise<T> {
  const { internalAdapter } = await engineOf(ctx.deps).$context
  return engineTransaction.run(ctx.db, () => work(internalAdapter as EngineContext['internalAdapter']))
}
