import { Duplex } from 'node:stream'
import { ConnectionAborted } from '@ropewalk/core'
import {
  checkValue,
  flag,
  type GivenOptions,
  oneOf,
  type OptionRule,
  type OptionRules,
  withDefaults,
} from '@ropewalk/core/options'
import { ConnectedWebSocket } from '../connection/connected-websocket.ts'

/** How a Duplex exchanges messages. */
export interface DuplexOptions {
  /**
   * What a chunk that is written is sent as. The bytes of `text` are UTF-8, and may be cut within a character. It
   * does not apply to `objectMode`. Default `bytes`.
   */
  readonly kind: 'text' | 'bytes'
  /**
   * Whether each message is one chunk: a string is text, a Buffer is binary. Without it, a stream of bytes is
   * read, and messages have no boundaries. Default false.
   */
  readonly objectMode: boolean
}

/**
 * Returns a Node stream over a WebSocket. The stream is then the only reader of its messages.
 *
 * Each chunk that is written becomes a message; the next chunk is asked for when there is room for it. Messages
 * are taken when the stream is read. `end()` closes the WebSocket with 1000 after what was written. A WebSocket
 * cannot be closed in one direction: nothing is received afterwards. When the peer has closed with 1000, 1001 or
 * no code, the stream ends in both directions; otherwise it fails with a ConnectionClosed. `destroy()` closes the
 * WebSocket, and with an error it resets the connection. An error that no listener receives is not thrown.
 *
 * @throws {TypeError | RangeError} when an argument or option has a wrong name, type or value.
 */
export function duplexOf(socket: ConnectedWebSocket, options?: GivenOptions<DuplexOptions>): Duplex {
  checkValue('duplexOf', 'socket', socket, SOCKET)
  return new WebSocketDuplex(socket, withDefaults('duplexOf', DEFAULTS, options, RULES))
}

class WebSocketDuplex extends Duplex {
  readonly #socket: ConnectedWebSocket
  readonly #objectMode: boolean
  /** For chunks of text. */
  readonly #decoder: InstanceType<typeof TextDecoder> | undefined
  #receiving = false
  #ended = false

  constructor(socket: ConnectedWebSocket, { kind, objectMode }: DuplexOptions) {
    super({ objectMode, allowHalfOpen: false })
    // Without a listener, an error would end the process, and a peer can cause one.
    this.on('error', () => undefined)
    this.#socket = socket
    this.#objectMode = objectMode
    this.#decoder = kind === 'text' && !objectMode ? new TextDecoder('utf-8', { ignoreBOM: true }) : undefined
  }

  override _read(): void {
    void this.#receive()
  }

  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    void this.#send(this.#decoder?.decode(chunk, { stream: true }) ?? chunk, done)
  }

  override _final(done: Done): void {
    void this.#close(done)
  }

  override _destroy(error: Error | null, done: Done): void {
    const { transport } = this.#socket
    if (error === null) transport.loseConnection()
    else transport.abortConnection(error)
    done(error)
  }

  async #receive(): Promise<void> {
    this.#receiving = true
    try {
      let message = await this.#socket.receive()
      // An empty message has no bytes, and an empty chunk would not ask for the next one.
      while (message?.length === 0 && !this.#objectMode) message = await this.#socket.receive()
      this.#receiving = false
      if (message === undefined) this.#end()
      else this.push(message)
    } catch (error) {
      this.destroy(error as Error)
    }
  }

  async #send(data: string | Uint8Array, done: Done): Promise<void> {
    // The last chunk of text may have been a part of one character.
    if (this.#decoder !== undefined && data.length === 0) return done()
    try {
      const status = await this.#socket.send(data)
      done(status === 'sent' ? null : new ConnectionAborted('The WebSocket is closing or gone'))
    } catch (error) {
      done(error as Error)
    }
  }

  async #close(done: Done): Promise<void> {
    const rest = this.#decoder?.decode() ?? ''
    if (rest !== '') await this.#socket.send(rest)
    await this.#socket.close()
    if (!this.#receiving) this.#end()
    done()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.push(null)
  }
}

type Done = (error?: Error | null) => void

const DEFAULTS: DuplexOptions = { kind: 'bytes', objectMode: false }
const RULES: OptionRules<DuplexOptions> = { kind: oneOf('text', 'bytes'), objectMode: flag }
const SOCKET: OptionRule = (value) =>
  value instanceof ConnectedWebSocket
    ? undefined
    : { kind: 'type', wanted: 'a ConnectedWebSocket, such as connectWebSocket returns' }
