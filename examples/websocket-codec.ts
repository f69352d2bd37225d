// A WebSocket between two streams of the web, with the codec alone: no socket and nothing of Node, so that it
// runs in a browser, Bun and Deno as well. The server sends each text back in upper case.
// Usage: websocket-codec.ts
import {
  FrameWriter,
  type FrameWriterOptions,
  MessageReader,
  ReceivedBytes,
  WebSocketError,
} from '@ropewalk/websocket/codec'

/** One side of a WebSocket that is open: the handshake is over. */
class StreamWebSocket {
  readonly #input: ReadableStreamDefaultReader<Uint8Array>
  readonly #output: WritableStreamDefaultWriter<Uint8Array>
  readonly #reader: MessageReader
  readonly #writer: FrameWriter
  #closed = false

  constructor(
    side: FrameWriterOptions,
    readable: ReadableStream<Uint8Array>,
    writable: WritableStream<Uint8Array>,
  ) {
    this.#input = readable.getReader()
    this.#output = writable.getWriter()
    this.#reader = new MessageReader({ role: side.role })
    this.#writer = new FrameWriter(side)
  }

  /** Sends a message. Resolves when the stream takes more. */
  async send(message: string | Uint8Array): Promise<void> {
    if (typeof message === 'string') this.#writer.text(message, this)
    else this.#writer.bytes(message, this)
    await this.#output.ready
  }

  /** Begins or completes the closing handshake. */
  close(code: number | undefined, reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#writer.close({ code, reason }, this)
    void this.#output.close()
  }

  /** Reads until the peer's close frame. Pings get their pongs meanwhile. */
  async *messages(): AsyncGenerator<string | Uint8Array, string> {
    const received = new ReceivedBytes()
    for (;;) {
      const { value, done } = await this.#input.read()
      if (done) return 'The peer has left without a close frame'
      received.push(value)
      try {
        for (let event = this.#reader.next(received); event; event = this.#reader.next(received)) {
          if (event.type === 'text') yield event.text
          else if (event.type === 'bytes') yield event.data
          else if (event.type === 'ping') this.#writer.pong(event.payload, this)
          else if (event.type === 'close') {
            this.close(event.code, '')
            return `Closed with ${event.code ?? 'no code'}`
          }
        }
      } catch (error) {
        if (!(error instanceof WebSocketError)) throw error
        this.close(error.closeCode, error.message)
        return `The peer broke a rule: ${error.violation}`
      }
    }
  }

  /** Called by the writer. */
  write(frame: Uint8Array): boolean {
    void this.#output.write(frame)
    return (this.#output.desiredSize ?? 0) > 0
  }
}

async function serve(socket: StreamWebSocket): Promise<void> {
  for await (const message of socket.messages())
    await socket.send(typeof message === 'string' ? message.toUpperCase() : message)
}

async function talk(socket: StreamWebSocket): Promise<void> {
  const replies = socket.messages()
  for (const message of ['hello', new Uint8Array(100_000), 'grüße']) {
    await socket.send(message)
    const { value } = await replies.next()
    console.log(typeof value === 'string' ? value : `${value?.length} bytes`)
  }
  socket.close(1000, 'done')
  const { value } = await replies.next()
  console.log(value)
}

const [there, back] = [
  new TransformStream<Uint8Array, Uint8Array>(),
  new TransformStream<Uint8Array, Uint8Array>(),
]
const randomBytes = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count))
await Promise.all([
  serve(new StreamWebSocket({ role: 'server' }, there.readable, back.writable)),
  talk(new StreamWebSocket({ role: 'client', randomBytes }, back.readable, there.writable)),
])
