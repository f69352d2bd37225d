import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A raw connection to a port on this machine, and all that came back. */
export class Connection {
  readonly socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #ended = false
  #wake: (() => void) | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (data: Buffer) => {
      this.#received = Buffer.concat([this.#received, data])
      this.#wake?.()
    })
    socket.on('end', () => {
      socket.end()
      this.#end()
    })
    // A reset ends it like anything else; what matters is what came before.
    socket.on('error', () => this.#end())
  }

  /** Connects. */
  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    await once(socket, 'connect')
    return new Connection(socket)
  }

  /** All that came back. */
  get received(): Buffer {
    return this.#received
  }

  /** All that came back, as text. */
  get text(): string {
    return this.#received.toString('latin1')
  }

  /** Waits until `holds` does. */
  async until(holds: (text: string) => boolean): Promise<string> {
    while (!holds(this.text)) {
      if (this.#ended)
        throw new Error(`Cannot wait: the peer has ended with ${JSON.stringify(this.text.slice(0, 300))}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return this.text
  }

  /** Waits for the peer's end, and closes. */
  async end(): Promise<string> {
    while (!this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.socket.destroy()
    return this.text
  }

  #end(): void {
    this.#ended = true
    this.#wake?.()
  }
}
