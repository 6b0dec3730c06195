import type { Env } from '../env.ts'
import type { Logger } from '../log.ts'
import { createDiskFiles } from './disk.ts'
import type { Files } from './types.ts'

/** The storage that the environment names. */
export async function createFiles(env: Env, log: Logger): Promise<Files> {
  if (env.FILES_DRIVER === 'disk') return createDiskFiles(env.FILES_DIR)
  // Only where it is used: the SDK takes its time to load.
  const { createS3Files } = await import('./s3.ts')
  return createS3Files(env, log)
}
