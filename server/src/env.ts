import { z } from 'zod'

const DEVELOPMENT_SECRET = 'development-secret-never-for-production-use'

const flag = z.stringbool()
const list = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  )
  .pipe(z.array(z.string()))

/**
 * Every variable the server reads, once, at the start. `.env.example` shows the same list for people; a test compares the two.
 * Defaults serve development; a production start refuses those that `REQUIRED_IN_PRODUCTION` names.
 */
export const envSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .describe('production refuses to start on defaults'),
  HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  PORT: z.coerce.number().int().min(0).max(65535).default(3000).describe('port to listen on'),
  PUBLIC_URL: z
    .url()
    .optional()
    .describe('where clients reach this server; issuer of tokens and leases; default http://HOST:PORT'),
  DATABASE_URL: z
    .string()
    .startsWith('postgres')
    .optional()
    .describe('Postgres 15+; unset: an embedded one in .data/'),
  DATABASE_POOL_MAX: z.coerce
    .number()
    .int()
    .min(2)
    .max(500)
    .default(10)
    .describe('connections this process may open'),
  DEVFORGE_SECRET: z
    .string()
    .min(32)
    .default(DEVELOPMENT_SECRET)
    .describe(
      '32+ random characters; peppers license keys, seals secrets at rest. Losing it loses every license key',
    ),
  STRIPE_SECRET_KEY: z
    .string()
    .regex(/^(sk|rk)_(test|live)_/)
    .optional()
    .describe('unset: the Stripe sandbox'),
  STRIPE_WEBHOOK_SECRETS: list
    .optional()
    .describe(
      'signing secrets of the webhook endpoint, comma separated; several during a rotation; empty closes the route',
    ),
  STRIPE_API_BASE: z
    .url()
    .optional()
    .describe('another address for the Stripe API: the sandbox; refused in production'),
  STRIPE_PROMOTION_CODES: flag.default(true).describe('let buyers type promotion codes in Checkout'),
  STRIPE_AUTOMATIC_TAX: flag.default(false).describe('let Stripe Tax compute taxes in Checkout'),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//)
    .optional()
    .describe('smtp(s)://user:password@host:port; unset: mails are kept in MAIL_DIR and shown at /dev/mail'),
  MAIL_FROM: z.string().default('Dev Forge <noreply@devforge.localhost>').describe('sender of mails'),
  SUPPORT_MAIL: z
    .email()
    .default('support@devforge.localhost')
    .describe(
      'where customers write to; answers go to support+…@ of the same domain, so the gateway must take those, too',
    ),
  MAIL_INBOUND_SECRETS: list
    .optional()
    .describe(
      'secrets that the mail gateway signs with at /webhooks/mail, comma separated; several during a rotation; empty closes the route',
    ),
  MAIL_AUTHSERV_ID: z
    .string()
    .optional()
    .describe(
      'whose Authentication-Results are believed; unset: senders are taken as they say, behind secret addresses',
    ),
  MAX_MAIL_BYTES: z.coerce
    .number()
    .int()
    .min(10_000)
    .default(30_000_000)
    .describe('size of a mail that comes in'),
  MAIL_DIR: z.string().default('.data/mail').describe('where mails are kept without SMTP'),
  CORS_ORIGINS: list
    .pipe(z.array(z.url()))
    .default([])
    .describe('origins of browsers that may call the API, comma separated'),
  TRUSTED_PROXY_HOPS: z.coerce
    .number()
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe('proxies in front that append to X-Forwarded-For; 0 ignores the header'),
  REQUESTS_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(0)
    .default(6_000)
    .describe('calls one address may make per minute and process; 0: no limit'),
  GITHUB_CLIENT_ID: z.string().optional().describe('sign-in with GitHub'),
  GITHUB_CLIENT_SECRET: z.string().optional().describe('sign-in with GitHub'),
  GOOGLE_CLIENT_ID: z.string().optional().describe('sign-in with Google'),
  GOOGLE_CLIENT_SECRET: z.string().optional().describe('sign-in with Google'),
  METRICS_TOKEN: z
    .string()
    .min(16)
    .optional()
    .describe('bearer token for /metrics; unset: loopback callers only'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('least level that is logged'),
  FILES_DRIVER: z
    .enum(['disk', 's3'])
    .default('disk')
    .describe('where packages and attachments are kept: a folder, or an S3-compatible bucket'),
  FILES_DIR: z
    .string()
    .default('.data/files')
    .describe('folder of the disk driver; one for all copies of the server'),
  S3_BUCKET: z.string().optional().describe('bucket of the s3 driver'),
  S3_REGION: z.string().default('us-east-1').describe('region of the bucket'),
  S3_ENDPOINT: z.url().optional().describe('address of an S3-compatible service other than AWS'),
  S3_ACCESS_KEY_ID: z.string().optional().describe('unset: what the AWS SDK finds by itself'),
  S3_SECRET_ACCESS_KEY: z.string().optional().describe('unset: what the AWS SDK finds by itself'),
  S3_FORCE_PATH_STYLE: flag.default(false).describe('bucket in the path instead of the host name'),
  MAX_VSIX_BYTES: z.coerce
    .number()
    .int()
    .min(1_024)
    .max(2_147_483_647)
    .default(209_715_200)
    .describe('largest extension package that is taken'),
  MAX_ATTACHMENT_BYTES: z.coerce
    .number()
    .int()
    .min(1_024)
    .max(2_147_483_647)
    .default(26_214_400)
    .describe('largest attachment of a ticket that is taken'),
  MAX_UNATTACHED_BYTES: z.coerce
    .number()
    .int()
    .min(1_024)
    .default(104_857_600)
    .describe('what one account may have uploaded without having sent it with a message'),
  MALWARE_SCANNER: z
    .string()
    .regex(/^(builtin|clamd:\/\/.+|exec:.+)$/)
    .optional()
    .describe(
      'clamd://host:port, exec:/path/to/scanner (the file on stdin; exit 0 clean, 1 infected), or builtin: our own checks only; unset: every submission waits, and attachments are not scanned',
    ),
  MALWARE_SCANNER_TIMEOUT_SECONDS: z.coerce
    .number()
    .min(0.01)
    .max(3_600)
    .default(120)
    .describe(
      'a scanner that takes longer has failed; a package waits and is tried again, an attachment is refused',
    ),
  TRUSTED_UPDATES: flag
    .default(true)
    .describe('publish updates whose scan is clean and that change nothing risky without a moderator'),
  MARKETPLACE_FEE_BPS: z.coerce
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(1_500)
    .describe(
      'our fee on sales of extensions, in hundredths of a percent; what was sold before keeps the fee of its day',
    ),
  MARKETPLACE_CURRENCIES: list
    .pipe(z.array(z.enum(['usd', 'eur', 'gbp', 'chf', 'cad', 'aud'])).min(1))
    .default(['usd'])
    .describe(
      'currencies in which extensions may be priced, comma separated: those in which your Stripe account has a balance',
    ),
  WORKER: flag.default(true).describe('run the job worker in this process'),
  SHUTDOWN_TIMEOUT_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(300)
    .default(25)
    .describe('how long a shutdown waits for requests and jobs'),
})

export type Env = z.infer<typeof envSchema> & { PUBLIC_URL: string }

/** What has no safe default: a production start without them stops and names them. */
export const REQUIRED_IN_PRODUCTION = [
  'PUBLIC_URL',
  'DATABASE_URL',
  'DEVFORGE_SECRET',
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRETS',
  'SMTP_URL',
  'MAIL_FROM',
] as const

/** The environment does not do; `problems` has a line per variable. */
export class EnvError extends Error {
  readonly problems: string[]
  constructor(problems: string[]) {
    super(
      `The environment is not complete:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\nSee .env.example.`,
    )
    this.name = 'EnvError'
    this.problems = problems
  }
}

/**
 * Parses the environment.
 * @throws EnvError naming every variable that is missing or malformed
 */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(
    Object.entries(source).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = envSchema.safeParse(given)
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  if (given.NODE_ENV === 'production') {
    for (const name of REQUIRED_IN_PRODUCTION)
      if (!given[name]) problems.push(`${name} is required in production`)
    if (given.DEVFORGE_SECRET === DEVELOPMENT_SECRET)
      problems.push('DEVFORGE_SECRET is the one from the example: everybody knows it')
    if (given.STRIPE_API_BASE) problems.push('STRIPE_API_BASE: the sandbox is not for production')
    if (given.STRIPE_SECRET_KEY?.includes('_test_')) problems.push('STRIPE_SECRET_KEY is a test key')
  }
  if (given.FILES_DRIVER === 's3' && !given.S3_BUCKET)
    problems.push('S3_BUCKET is required with FILES_DRIVER=s3')
  if (!parsed.success || problems.length > 0) throw new EnvError(problems)
  const env = parsed.data
  return { ...env, PUBLIC_URL: (env.PUBLIC_URL ?? `http://${env.HOST}:${env.PORT}`).replace(/\/$/, '') }
}
