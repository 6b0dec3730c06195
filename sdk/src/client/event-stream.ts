/** An event of a stream (`text/event-stream`, https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface ServerEvent {
  /** `message` when the server named none. */
  type: string
  data: string
  /** Empty when it has none. */
  id: string
}

/** Cuts a stream of bytes into events. What came of an event when the bytes end is dropped: it will come again. */
export async function* readEvents(
  read: () => Promise<{ done: boolean; value?: Uint8Array<ArrayBuffer> | undefined }>,
): AsyncGenerator<ServerEvent, void, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  let event = { type: '', data: '', id: '' }
  for (;;) {
    const { done, value } = await read()
    if (done) return
    const lines = (rest + decoder.decode(value, { stream: true })).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (event.type !== '' || event.data !== '') yield { ...event, type: event.type || 'message' }
        event = { type: '', data: '', id: '' }
        continue
      }
      const [, field = '', text = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? []
      if (field === 'data') event.data += event.data === '' ? text : `\n${text}`
      else if (field === 'event') event.type = text
      else if (field === 'id') event.id = text
    }
  }
}
