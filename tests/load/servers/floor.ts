// The floor: what node:http and postgres.js cost by themselves. No validation, no limits, no log, no error handling.
import { createServer } from 'node:http'
import { createSecrets, sha256 } from '@devforge/server/crypto/secrets'
import postgres from 'postgres'
import { POOL_SIZE, report, settings } from './child.ts'

const { databaseUrl, secret } = settings()
const sql = postgres(databaseUrl, { max: POOL_SIZE, onnotice: () => {} })
const secrets = createSecrets(secret)

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', async () => {
    const input = JSON.parse(Buffer.concat(chunks).toString()) as { key: string; fingerprint?: string }
    const keyHash = secrets.hmac('license-key', input.key)
    const device = input.fingerprint === undefined ? null : sha256(input.fingerprint)
    const [license] = await sql`
      select l.id, l.plan_slug as plan, l.product, l.status, l.key_hint as "keyHint", l.max_devices as "maxDevices",
        l.entitlements, l.subscription_id as "subscriptionId", l.expires_at as "expiresAt",
        l.updates_until as "updatesUntil", l.past_due_since as "pastDueSince", t.id is not null as "wasTrial",
        d.id as "deviceId", d.last_seen_at as "deviceLastSeenAt",
        (select count(*)::int from license_devices c where c.license_id = l.id) as "devicesInUse"
      from licenses l
      left join license_devices d on d.license_id = l.id and d.fingerprint_hash = ${device}
      left join trials t on t.license_id = l.id
      where l.key_hash = ${keyHash}`
    const body = JSON.stringify({ valid: license !== undefined, license: license ?? null })
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1')
report(server)
