import net from 'node:net'
import { createInterface } from 'node:readline'

interface ReceivedMail {
  to: string
  messageId: string
  text: string
}

/** A mail server (RFC 5321, as much of it as nodemailer speaks) that can be slow at a moment of the test's choice. */
export interface SmtpServer extends AsyncDisposable {
  url: string
  /** Mails that were taken; the same one twice stands here twice. */
  mails: ReceivedMail[]
  /** Waits `at` that moment from now on: before greeting, or with a mail taken but not yet acknowledged. */
  hold(at: 'greeting' | 'taken'): { reached: Promise<void>; release(): void }
}

export async function startSmtp(): Promise<SmtpServer> {
  const mails: ReceivedMail[] = []
  const sockets = new Set<net.Socket>()
  let held: { at: 'greeting' | 'taken'; hit(): void; released: Promise<void> } | undefined
  const pass = async (at: 'greeting' | 'taken'): Promise<void> => {
    if (held?.at !== at) return
    held.hit()
    await held.released
  }
  const server = net.createServer(async (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    const say = (line: string) => void socket.write(`${line}\r\n`)
    await pass('greeting')
    say('220 test')
    let to = ''
    let data: string[] | undefined
    for await (const line of createInterface({ input: socket })) {
      if (data && line !== '.') {
        data.push(line)
      } else if (data) {
        const text = data.join('\n')
        mails.push({ to, messageId: /^Message-ID: (<.+>)$/im.exec(text)?.[1] ?? '', text })
        data = undefined
        await pass('taken')
        say('250 taken')
      } else if (line.startsWith('RCPT TO:')) {
        to = /<(.+)>/.exec(line)?.[1] ?? ''
        say('250 ok')
      } else if (line === 'DATA') {
        data = []
        say('354 go on')
      } else if (line === 'QUIT') {
        say('221 bye')
        socket.end()
      } else {
        say('250 ok')
      }
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    hold(at) {
      const reached = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      held = { at, hit: reached.resolve, released: released.promise }
      return {
        reached: reached.promise,
        release() {
          held = undefined
          released.resolve()
        },
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
