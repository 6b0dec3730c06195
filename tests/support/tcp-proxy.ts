import net from 'node:net'

/** A wire that a test can cut: stands between a server and its database. */
export interface TcpProxy extends AsyncDisposable {
  port: number
  /** Ends all connections and refuses new ones, like a database that went away. */
  cut(): Promise<void>
  /** Takes connections again, on the same port. */
  mend(): Promise<void>
  /** Connections stay open and nothing passes any more, like a network that swallows packets. */
  stall(): void
}

/** @param at a port of its own; 0 for any */
export async function createTcpProxy(target: { host: string; port: number }, at = 0): Promise<TcpProxy> {
  const sockets = new Set<net.Socket>()
  let stalled = false
  const server = net.createServer((client) => {
    const upstream = net.connect(target.port, target.host)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => {
        if (!stalled) to.write(chunk)
      })
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.on('error', () => to.destroy())
    }
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(at)
  const { port } = server.address() as net.AddressInfo
  const cut = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  return {
    port,
    cut,
    async mend() {
      stalled = false
      if (!server.listening) await listen(port)
    },
    stall() {
      stalled = true
    },
    [Symbol.asyncDispose]: cut,
  }
}

/** `url` with its host and port replaced by the proxy's. */
export function throughProxy(url: string, proxy: TcpProxy): string {
  const through = new URL(url)
  through.hostname = '127.0.0.1'
  through.port = String(proxy.port)
  return through.href
}
