import { LineTooLongError } from '../bytes/remote-error.ts'
import { type ConnectionClosed, ConnectionDone, IncompleteReadError, LocalProtocolError } from '../errors.ts'
import type { Drainable, HalfCloseable, Replaceable } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import { byteCount } from '../options/option-rules.ts'
import type { Factory } from '../protocol/factory.ts'
import { Protocol } from '../protocol/protocol.ts'
import { logConnection } from '../transport/diagnostics.ts'
import type { HoldingBack } from '../transport/current-protocol.ts'
import { swallowIfClosed, whyClosed } from '../transport/sending.ts'
import { StreamInput, StreamReader } from './stream-reader.ts'

/**
 * A protocol written as one coroutine: `run` reads what it needs next, and awaits its writes.
 *
 * Memory is bounded: while `run` does not read, delivery waits and the peer cannot send more. After the
 * peer's FIN, reads return the end of input, and `run` can still write.
 *
 * When the reactor stops, the input ends: `run` reads the bytes received so far, then the end, and has time
 * to finish. Override `drain` to change this.
 */
export abstract class StreamProtocol<F = Factory>
  extends Protocol<F>
  implements HalfCloseable, Drainable, Replaceable, HoldingBack
{
  /** From this many unread bytes on, delivery waits, unless a pending read needs more. Default 65 536. */
  readonly maxBufferedBytes: number = 65_536
  /** A delivery that waits is not a fault: `run` may read at any time. */
  readonly holdsBack: true = true
  readonly #input = new StreamInput(this)
  #finished: Promise<void> = Promise.resolve()
  /** Why this protocol is no longer current; undefined while it is. */
  #over: ConnectionClosed | LocalProtocolError | undefined

  /**
   * Serves the connection. Called at `connectionMade`.
   *
   * When it returns, everything written is sent and the connection is closed, unless another protocol is
   * current by then. When it throws, the error is logged and the connection is aborted, with two exceptions.
   * The error with which a read or write rejected because the connection was gone is ignored. An
   * IncompleteReadError or a LineTooLongError counts as the peer's fault: it is logged at level info, and the
   * connection is closed.
   */
  abstract run(reader: StreamReader, writer: StreamWriter): unknown

  override connectionMade(): void {
    checkValue(this.constructor.name, 'maxBufferedBytes', this.maxBufferedBytes, MAX_BUFFERED)
    this.#finished = this.#runToItsEnd()
  }

  override dataReceived(data: Buffer): unknown {
    return this.#input.push(data)
  }

  /** The peer will send no more: reads return the remaining bytes, then the end. */
  readConnectionLost(): void {
    this.#input.end()
  }

  override connectionLost(reason: ConnectionClosed): void {
    this.#over = reason
    if (reason instanceof ConnectionDone) this.#input.end()
    else this.#input.fail(reason)
  }

  /**
   * A pending read rejects with a LocalProtocolError. The end of `run` does not close the connection any
   * more.
   */
  protocolReplaced(): void {
    this.#over = new LocalProtocolError('Cannot read a connection that another protocol has taken over')
    this.#input.fail(this.#over)
  }

  /** Takes the unread bytes, which belong to a TLS handshake that starts. */
  takeUnread(): Buffer {
    return this.#input.takeAll()
  }

  /** The reactor is stopping: ends the input. Resolves when `run` has finished. */
  drain(): Promise<void> {
    this.#input.end()
    return this.#finished
  }

  async #runToItsEnd(): Promise<void> {
    try {
      await this.run(new StreamReader(this.#input), new StreamWriter(this.transport))
      if (this.#over === undefined) this.transport.loseConnection()
    } catch (error) {
      if (error !== this.#over) this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    const { transport } = this
    const isOver = this.#over !== undefined
    const text = PEERS_DOING.find(([type]) => error instanceof type)?.[1]
    if (text === undefined && !isOver) return transport.failConnection(error)
    const connection = logConnection(transport, this)
    const level = text === undefined ? 'error' : 'info'
    transport.reactor.log({ level, text: text ?? FAILED_LATE, connection, source: this, error })
    if (!isOver) transport.loseConnection()
  }
}

/**
 * The writing side of a connection for a coroutine. Code that awaits each write writes only as fast as the
 * peer reads.
 *
 * If a write is not awaited, its rejection because of the end of the connection is swallowed.
 */
export class StreamWriter {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /**
   * Queues bytes, or a string as UTF-8, at once. Below the high-water mark it resolves at once; above it,
   * when the queue is below the low-water mark.
   *
   * @throws {ConnectionClosed} (rejects) when the connection is gone, or ends before the promise resolves.
   * @throws {NotConnectedError} (rejects) after `end`.
   * @throws {TypeError} (rejects) when `data` is neither bytes nor a string.
   */
  write(data: Uint8Array | string): Promise<void> {
    return swallowIfClosed(this.#write(data))
  }

  /** Resolves when the queue is below the low-water mark; rejects as `write` does. */
  drained(): Promise<void> {
    return swallowIfClosed(this.#drained())
  }

  /** Sends a FIN after everything written. Reading continues. */
  end(): void {
    this.#transport.loseWriteConnection()
  }

  async #write(data: Uint8Array | string): Promise<void> {
    if (!this.#transport.write(data)) await this.#drained()
  }

  async #drained(): Promise<void> {
    if (!(await this.#transport.drained())) throw await whyClosed(this.#transport)
  }
}

const MAX_BUFFERED = byteCount({ endless: true })
/**
 * Errors that a peer can cause at will are logged at level info, so that they do not fill the log with
 * errors.
 */
const PEERS_DOING = [
  [IncompleteReadError, 'The input ended before a read was complete'],
  [LineTooLongError, 'A peer sent a line that is too long'],
] as const
const FAILED_LATE = 'A protocol failed after its connection had ended or was taken over'
