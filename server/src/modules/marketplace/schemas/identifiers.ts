import { z } from 'zod'
import { line } from '../../../wire.ts'

/** What everybody calls an extension. */
export const extensionId = line(200).describe('`publisher.name`, in any case')

/** A day of UTC. */
export const day = z.iso.date().describe('A day of UTC, `YYYY-MM-DD`')
