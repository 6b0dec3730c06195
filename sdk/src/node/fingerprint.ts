import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { orLocalFailure } from '../errors.ts'
import { configFolder, isMissing, readText, writeText } from './files.ts'

const run = promisify(execFile)
const TOOL_TIMEOUT_MS = 3_000
/** An id that some image or distribution left empty is no id. */
const ID = /^[0-9a-f-]{16,64}$/i

async function linuxId(): Promise<string | undefined> {
  for (const file of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    const id = (await readText(file))?.trim()
    if (id && ID.test(id)) return id
  }
  return undefined
}

async function macId(): Promise<string | undefined> {
  const { stdout } = await run('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'], {
    timeout: TOOL_TIMEOUT_MS,
  })
  return /"IOPlatformUUID"\s*=\s*"([^"]+)"/.exec(stdout)?.[1]
}

async function windowsId(): Promise<string | undefined> {
  const tool = join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'reg.exe')
  const key = 'HKLM\\SOFTWARE\\Microsoft\\Cryptography'
  // The whole key, not the value: the tool fails alike for a value that is not there and for one that it could not read.
  const { stdout } = await run(tool, ['query', key, '/reg:64'], {
    timeout: TOOL_TIMEOUT_MS,
    windowsHide: true,
  })
  return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(stdout)?.[1]
}

/** The system's id; undefined only when it is known to have none. A failure that passes must not make it another machine. */
async function systemId(): Promise<string | undefined> {
  try {
    if (process.platform === 'darwin') return await macId()
    if (process.platform === 'win32') return await windowsId()
    return await linuxId()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** A machine without an id of its own (some containers) gets one, kept beside the license. */
async function ownId(app: string): Promise<string> {
  const file = join(configFolder(app), 'device-id')
  const known = (await readText(file))?.trim()
  if (known && ID.test(known)) return known
  const id = randomUUID()
  await writeText(file, `${id}\n`)
  return id
}

const nameOf = async (app: string): Promise<string> => (await systemId()) ?? (await ownId(app))

/**
 * Names this machine: a hash of the id that the system gave it (machine-id, IOPlatformUUID, MachineGuid). The same for all
 * users and versions; another after the system was installed anew. The id itself leaves nothing.
 * @throws LOCAL_FAILURE when the system could not be asked: call again, it is not another machine
 */
export async function machineFingerprint(app = 'devforge'): Promise<string> {
  const id = await nameOf(app).catch((error) => {
    throw orLocalFailure(error)
  })
  return createHash('sha256').update(`devforge/device/v1/${id.toLowerCase()}`).digest('hex')
}
