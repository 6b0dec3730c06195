// The usual way: Express, pg, helmet, compression, winston, jsonwebtoken, express-rate-limit, zod; with the features of ours.
import { createHash, createHmac, createSecretKey, hkdfSync, randomUUID } from 'node:crypto'
import { parseLicenseKey } from '@devforge/server/modules/licenses/license-key'
import {
  FREE_ENTITLEMENTS,
  isUsable,
  type LicenseTimes,
  remedies,
  statusAt,
  statusCode,
  type ValidationCode,
} from '@devforge/server/modules/licenses/state'
import compression from 'compression'
import express, { type NextFunction, type Request, type Response } from 'express'
import { rateLimit } from 'express-rate-limit'
import helmet from 'helmet'
import jwt from 'jsonwebtoken'
import pg from 'pg'
import winston from 'winston'
import { z } from 'zod'
import { POOL_SIZE, report, settings } from './child.ts'
import { search } from './express-search.ts'

const { databaseUrl, secret } = settings()
const pool = new pg.Pool({ connectionString: databaseUrl, max: POOL_SIZE })
// The same pepper as ours, so that the same rows are found.
const pepper = createSecretKey(Buffer.from(hkdfSync('sha256', secret, 'devforge/v1', 'license-key', 32)))
const logger = winston.createLogger({
  level: 'info',
  format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  transports: [new winston.transports.Console()],
})

class HttpError extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

const app = express()
app.use((req, res, next) => {
  const startedAt = process.hrtime.bigint()
  res.locals.requestId = req.get('x-request-id') ?? randomUUID()
  res.setHeader('x-request-id', res.locals.requestId)
  res.on('finish', () => {
    logger.info('request', {
      requestId: res.locals.requestId,
      method: req.method,
      path: req.path,
      status: res.statusCode,
      ms: Number(process.hrtime.bigint() - startedAt) / 1e6,
      ip: req.ip,
    })
  })
  next()
})
app.use(helmet())
app.use(compression())
app.use(
  rateLimit({ windowMs: 60_000, limit: 1_000_000_000, standardHeaders: 'draft-8', legacyHeaders: false }),
)
app.use(express.json({ limit: '1mb' }))
app.use((req, res, next) => {
  const header = req.get('authorization')
  if (header?.startsWith('Bearer ')) {
    try {
      res.locals.user = jwt.verify(header.slice(7), secret)
    } catch {
      throw new HttpError(401, 'AUTH_REQUIRED')
    }
  }
  next()
})

const validateInput = z.strictObject({
  key: z.string().max(200),
  fingerprint: z.string().min(8).max(512).optional(),
  entitlement: z.string().max(200).optional(),
  product: z.string().max(200).optional(),
})

interface Row extends LicenseTimes {
  id: string
  plan: string
  product: string
  keyHint: string
  maxDevices: number
  entitlements: string[]
  updatesUntil: Date | null
  wasTrial: boolean
  deviceId: string | null
  devicesInUse: number
}

const QUERY = `
  select l.id, l.plan_slug as plan, l.product, l.status, l.key_hint as "keyHint", l.max_devices as "maxDevices",
    l.entitlements, l.subscription_id as "subscriptionId", l.expires_at as "expiresAt",
    l.updates_until as "updatesUntil", l.past_due_since as "pastDueSince", t.id is not null as "wasTrial",
    d.id as "deviceId", d.last_seen_at as "deviceLastSeenAt",
    (select count(*)::int from license_devices c where c.license_id = l.id) as "devicesInUse"
  from licenses l
  left join license_devices d on d.license_id = l.id and d.fingerprint_hash = $2
  left join trials t on t.license_id = l.id
  where l.key_hash = $1`

/** @param name under which the statement is kept prepared; without, as it is usually done, Postgres plans it for each request */
const validate = (name?: string) => async (req: Request, res: Response) => {
  const input = validateInput.parse(req.body)
  const key = parseLicenseKey(input.key)
  if (key === null) return void res.json(answer('MALFORMED_KEY', null))
  const keyHash = createHmac('sha256', pepper).update(key).digest()
  const device = input.fingerprint ? createHash('sha256').update(input.fingerprint).digest() : null
  const { rows } = await pool.query<Row>({ name, text: QUERY, values: [keyHash, device] })
  const license = rows[0]
  if (!license) return void res.json(answer('NOT_FOUND', null))
  res.json(answer(judge(license, input), license))
}
app.get('/search', search(pool))
app.post('/validate', validate())
app.post('/validate-prepared', validate('validate'))

function judge(license: Row, input: z.infer<typeof validateInput>): ValidationCode {
  const code = statusCode(statusAt(license, new Date()), license.wasTrial)
  if (code !== 'VALID' && code !== 'PAST_DUE') return code
  if (input.product && input.product !== license.product) return 'PRODUCT_MISMATCH'
  if (input.entitlement && !license.entitlements.includes(input.entitlement)) return 'ENTITLEMENT_MISSING'
  if (license.devicesInUse > license.maxDevices) return 'TOO_MANY_DEVICES'
  if (!input.fingerprint || license.deviceId) return code
  return license.devicesInUse === 0 ? 'NO_DEVICE' : 'DEVICE_MISMATCH'
}

function answer(code: ValidationCode, license: Row | null) {
  const status = license && statusAt(license, new Date())
  return {
    valid: code === 'VALID' || code === 'PAST_DUE',
    code,
    license: license && {
      id: license.id,
      plan: license.plan,
      product: license.product,
      status,
      keyHint: license.keyHint,
      expiresAt: license.expiresAt,
      updatesUntil: license.updatesUntil,
      maxDevices: license.maxDevices,
      devicesInUse: license.devicesInUse,
    },
    entitlements: license && status && isUsable(status) ? license.entitlements : FREE_ENTITLEMENTS,
    remedy: remedies[code],
  }
}

app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
  const [status, code] =
    error instanceof HttpError
      ? [error.status, error.code]
      : error instanceof z.ZodError
        ? [400, 'INVALID_INPUT']
        : [500, 'INTERNAL']
  if (status === 500) logger.error('internal error', { error, requestId: res.locals.requestId })
  res.status(status).json({ error: { code, requestId: res.locals.requestId } })
})

report(app.listen(0, '127.0.0.1'))
