import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A raw connection to a port on this machine, with all bytes received. */
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
    // A reset counts as an end: the tests look only at the bytes received before it.
    socket.on('error', () => this.#end())
  }

  /** Connects to a port of loopback. */
  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    await once(socket, 'connect')
    return new Connection(socket)
  }

  /** All bytes received. */
  get received(): Buffer {
    return this.#received
  }

  /** All bytes received, as Latin-1 text. */
  get text(): string {
    return this.#received.toString('latin1')
  }

  /**
   * Waits until `holds` returns true for the text received; returns that text.
   *
   * @throws {Error} (rejects) when the peer ends first.
   */
  async until(holds: (text: string) => boolean): Promise<string> {
    while (!holds(this.text)) {
      if (this.#ended)
        throw new Error(`Cannot wait: the peer has ended after ${JSON.stringify(this.text.slice(0, 300))}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return this.text
  }

  /** Waits for the peer's FIN or reset, closes, and returns the text received. */
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
