import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** How an echo server is loaded: each connection keeps `pipeline` messages of `bytes` on their way. */
export interface Shape {
  readonly connections: number
  readonly pipeline: number
  readonly bytes: number
}

/** A load on an echo server of this machine, until stopped. Every byte that comes back is compared. */
export class Load {
  readonly #shape: Shape
  readonly #message: Buffer
  /** The message often enough that any piece of an echo can be compared with one stretch of it. */
  readonly #expected: Buffer
  readonly #sockets: Socket[] = []
  #bytes = 0

  private constructor(shape: Shape) {
    this.#shape = shape
    this.#message = Buffer.from(Array.from({ length: shape.bytes }, (_, at) => (at * 131 + 7) % 256))
    this.#expected = Buffer.alloc(shape.bytes + MAX_PIECE_BYTES, this.#message)
  }

  /** Begins to load the server at `port`. */
  static async start(port: number, shape: Shape): Promise<Load> {
    const load = new Load(shape)
    for (let count = 0; count < shape.connections; count++) await load.#connect(port)
    return load
  }

  /** Messages that have come back so far. */
  get messages(): number {
    return this.#bytes / this.#shape.bytes
  }

  /** Ends it. */
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
