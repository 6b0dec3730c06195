import { z } from 'zod'
import { line, reason } from '../../../wire.ts'
import { extensionId } from './identifiers.ts'

const version = line(100)
const targetPlatform = line(50)

export const deprecateInput = z.strictObject({
  id: extensionId,
  deprecated: z.boolean().default(true).describe('`false` takes it back'),
  message: line(300).optional().describe('What to do instead, for people'),
  replacedBy: extensionId.optional(),
})
export const deprecateOutput = z.object({ deprecated: z.boolean() })

/** Without a platform: the packages for all platforms. */
export const yankInput = z.strictObject({
  id: extensionId,
  version,
  targetPlatform: targetPlatform.optional(),
  reason,
})
export const unyankInput = z.strictObject({
  id: extensionId,
  version,
  targetPlatform: targetPlatform.optional(),
})
export const removeInput = z.strictObject({
  id: extensionId,
  version: version.optional().describe('Without it, the whole extension'),
  targetPlatform: targetPlatform.optional(),
  reason: reason.optional(),
})
/** How many packages it met that were not so already. */
export const changedOutput = z.object({ changed: z.number() })

export const downloadInput = z.strictObject({
  id: extensionId,
  version: version.optional(),
  targetPlatform: targetPlatform.optional(),
})
export const downloadOutput = z.object({
  /** Needs no header; good until `expiresAt`. */
  url: z.string(),
  expiresAt: z.date(),
  extension: z.string(),
  version: z.string(),
  targetPlatform: z.string(),
  /** Hex. */
  sha256: z.string(),
  sizeBytes: z.number(),
  /** Ed25519 over the bytes of the package, base64. */
  signature: z.string(),
  /** Names the public key in `/.well-known/jwks.json`. */
  signatureKid: z.string(),
})
