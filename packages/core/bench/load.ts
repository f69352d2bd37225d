import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** The load on an echo server: each connection keeps `pipeline` messages of `bytes` bytes in flight. */
export interface Shape {
  readonly connections: number
  readonly pipeline: number
  readonly bytes: number
}

/** Loads an echo server on this machine until stopped. Compares every byte received. */
export class Load {
  readonly #shape: Shape
  readonly #message: Buffer
  /** Repeats the message so that any piece of an echo can be compared with one range of it. */
  readonly #expected: Buffer
  readonly #sockets: Socket[] = []
  #bytes = 0

  private constructor(shape: Shape) {
    this.#shape = shape
    this.#message = Buffer.from(Array.from({ length: shape.bytes }, (_, at) => (at * 131 + 7) % 256))
    this.#expected = Buffer.alloc(shape.bytes + MAX_PIECE_BYTES, this.#message)
  }

  /** Starts to load the server at `port`. */
  static async start(port: number, shape: Shape): Promise<Load> {
    const load = new Load(shape)
    for (let count = 0; count < shape.connections; count++) await load.#connect(port)
    return load
  }

  /** The number of messages received so far. */
  get messages(): number {
    return this.#bytes / this.#shape.bytes
  }

  /** Closes all connections. */
  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #connect(port: number): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    this.#sockets.push(socket)
    let at = 0
    socket.on('data', (data) => {
      if (!data.equals(this.#expected.subarray(at, at + data.length))) throw new Error('The echo differs')
      const whole = Math.floor((at + data.length) / this.#shape.bytes)
      at = (at + data.length) % this.#shape.bytes
      this.#bytes += data.length
      if (whole > 0) socket.write(this.#messages(whole))
    })
    socket.write(this.#messages(this.#shape.pipeline))
  }

  #messages(count: number): Buffer {
    return count === 1 ? this.#message : Buffer.alloc(count * this.#shape.bytes, this.#message)
  }
}

const MAX_PIECE_BYTES = 65_536
