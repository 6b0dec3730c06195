import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { configFolder, readText, writeText } from './files.ts'

const run = promisify(execFile)
const TOOL_TIMEOUT_MS = 3_000
/** An id that some image or distribution left empty is no id. */
const ID = /^[0-9a-f-]{16,64}$/i

async function linuxId(): Promise<string | undefined> {
  for (const file of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    const text = await readFile(file, 'utf8').catch(() => '')
    if (ID.test(text.trim())) return text.trim()
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
  const { stdout } = await run(tool, ['query', key, '/v', 'MachineGuid', '/reg:64'], {
    timeout: TOOL_TIMEOUT_MS,
    windowsHide: true,
  })
  return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(stdout)?.[1]
}

async function systemId(): Promise<string | undefined> {
  try {
    if (process.platform === 'darwin') return await macId()
    if (process.platform === 'win32') return await windowsId()
    return await linuxId()
  } catch {
    return undefined
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

/**
 * Names this machine: a hash of the id that the system gave it (machine-id, IOPlatformUUID, MachineGuid). The same for all
 * users and versions; another after the system was installed anew. The id itself leaves nothing.
 */
export async function machineFingerprint(app = 'devforge'): Promise<string> {
  const id = (await systemId()) ?? (await ownId(app))
  return createHash('sha256').update(`devforge/device/v1/${id.toLowerCase()}`).digest('hex')
}
