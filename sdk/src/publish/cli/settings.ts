import { join } from 'node:path'
import { configFolder, readText, writeText } from '../../node/files.ts'
import { fileSessionStore } from '../../node/stores.ts'
import type { SessionStore } from '../../session.ts'
import { type Io, UsageError } from './io.ts'

const folderOf = (): string => join(configFolder('devforge'), 'cli')

/** A file name out of a server's address: a session is good for one server only, and must not be sent to another. */
const nameOf = (url: string): string => new URL(url).host.replace(/[^\w.-]/g, '_')

/** The session with one server, in a file that only its owner may read. */
export const sessionOf = (url: string): SessionStore =>
  fileSessionStore({ file: join(folderOf(), `${nameOf(url)}.session.json`) })

/** A token for scripts. `OVSX_PAT` may hold another marketplace's, which is not to be shown to this server: ours are known by their looks. */
export const tokenIn = ({ env }: Io): string | undefined =>
  env.DEVFORGE_TOKEN || (env.OVSX_PAT?.startsWith('dfp_') ? env.OVSX_PAT : undefined)

const settingsFile = (): string => join(folderOf(), 'settings.json')

/** @throws UsageError when nobody said which server, or not as an address */
export async function urlOf(io: Io, given: string | undefined): Promise<string> {
  const url = given || io.env.DEVFORGE_URL || (await rememberedUrl())
  if (!url)
    throw new UsageError('Which server? Give --url, set DEVFORGE_URL, or sign in: devforge login --url <url>')
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(`"${url}" is no address of a server. It looks like https://forge.example.com.`)
  }
  return url.replace(/\/+$/, '')
}

async function rememberedUrl(): Promise<string | undefined> {
  try {
    const settings: unknown = JSON.parse((await readText(settingsFile())) ?? '{}')
    const isSet = typeof settings === 'object' && settings !== null && 'url' in settings
    return isSet && typeof settings.url === 'string' ? settings.url : undefined
  } catch {
    // Not ours, or cut off: as if nobody had signed in.
    return undefined
  }
}

export const rememberUrl = (url: string): Promise<void> =>
  writeText(settingsFile(), `${JSON.stringify({ url })}\n`)
