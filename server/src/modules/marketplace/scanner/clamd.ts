import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { type Scanner, ScannerFailure, type Verdict } from './types.ts'

const DEFAULT_PORT = 3310
/** An answer is one line. */
const MAX_ANSWER_BYTES = 4_096

/** `clamd://host:port`, or `clamd:///path/to/socket`. */
function connect(url: URL): Socket {
  if (url.hostname === '') return createConnection({ path: decodeURIComponent(url.pathname) })
  // In URLs, IPv6 addresses stand in brackets.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return createConnection({ host, port: url.port === '' ? DEFAULT_PORT : Number(url.port) })
}

/**
 * ClamAV's daemon, by its INSTREAM command (clamd(8)): chunks with their length in front, a length of zero at the end, and one
 * line as the answer. Its StreamMaxLength must allow packages of MAX_VSIX_BYTES; beyond it clamd refuses, which is no verdict.
 */
export function clamdScanner(address: string): Scanner {
  const url = new URL(address)
  return {
    async scan(bytes, signal) {
      const socket = connect(url)
      const abort = () => socket.destroy(new Error('timed out'))
      signal.addEventListener('abort', abort, { once: true })
      // Heard from the start: clamd may answer (and hang up) before it has everything.
      const answer = readAnswer(socket)
      answer.catch(() => undefined)
      try {
        if (signal.aborted) throw new Error('timed out')
        await once(socket, 'connect')
        await send(socket, bytes).catch(async (error: unknown) => {
          // It may have said why it hung up.
          if (!(await answer.catch(() => ''))) throw error
        })
        return verdictOf(await answer)
      } catch (error) {
        if (error instanceof ScannerFailure) throw error
        throw new ScannerFailure(
          signal.aborted
            ? 'The malware scanner (clamd) did not answer in time.'
            : 'The malware scanner (clamd) cannot be reached.',
          { cause: error },
        )
      } finally {
        signal.removeEventListener('abort', abort)
        socket.destroy()
      }
    },
  }
}

async function send(socket: Socket, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const write = async (chunk: Uint8Array): Promise<void> => {
    if (socket.destroyed || socket.writableEnded) throw new Error('hung up')
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), closed(socket)])
  }
  await write(Buffer.from('zINSTREAM\0'))
  for await (const chunk of bytes) {
    if (chunk.length === 0) continue
    await write(lengthOf(chunk.length))
    await write(chunk)
  }
  await write(lengthOf(0))
}

function lengthOf(size: number): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(size)
  return length
}

async function closed(socket: Socket): Promise<never> {
  await once(socket, 'close')
  throw new Error('hung up')
}

function readAnswer(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.includes('\0') || text.includes('\n')) resolve(text)
      else if (text.length > MAX_ANSWER_BYTES) reject(new Error('the answer has no end'))
    })
    socket.on('error', reject)
    socket.on('close', () => (text === '' ? reject(new Error('hung up without an answer')) : resolve(text)))
  })
}

function verdictOf(answer: string): Verdict {
  const line = answer.replaceAll('\0', '').trim()
  if (line === 'stream: OK') return { clean: true }
  const found = /^stream: (.+) FOUND$/.exec(line)?.[1]
  if (found) return { clean: false, name: found.slice(0, 200) }
  throw new ScannerFailure('The malware scanner (clamd) refused the package.', {
    cause: new Error(line.slice(0, 500)),
  })
}
