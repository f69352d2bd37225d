import { LineTooLongError } from '../bytes/remote-error.ts'
import { type ConnectionClosed, ConnectionDone, IncompleteReadError, LocalProtocolError } from '../errors.ts'
import type { Drainable, HalfCloseable, Replaceable } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import { bytes } from '../options/option-rules.ts'
import type { Factory } from '../protocol/factory.ts'
import { Protocol } from '../protocol/protocol.ts'
import type { HoldingBack } from '../transport/current-protocol.ts'
import { logConnection } from '../transport/diagnostics.ts'
import { swallowIfClosed, whyClosed } from '../transport/sending.ts'
import { StreamInput, StreamReader } from './stream-reader.ts'

/**
 * A protocol written as one coroutine: `run` reads what it needs next, and awaits what it writes.
 *
 * Nothing piles up: while `run` is behind, the peer is made to wait. When the peer has ended its side,
 * reads answer the end, and `run` can still write.
 *
 * When the reactor stops, the input ends there: `run` is given what has come, then the end, and the time
 * to finish. Override `drain` to do something else.
 */
export abstract class StreamProtocol<F = Factory>
  extends Protocol<F>
  implements HalfCloseable, Drainable, Replaceable, HoldingBack
{
  /** From this many unread bytes on, the peer is made to wait. A read that needs more gets it. */
  readonly maxBufferedBytes: number = 65_536
  /** A delivery that must wait is no fault: `run` reads when it likes. */
  readonly holdsBack: true = true
  readonly #input = new StreamInput(this)
  #finished: Promise<void> = Promise.resolve()
  /** Why this protocol has the connection no more. */
  #over: ConnectionClosed | LocalProtocolError | undefined

  /**
   * What happens on the connection, from `connectionMade` on.
   *
   * When it returns, what was written is sent and the connection is closed, unless another protocol has it
   * by then. When it throws, that is logged and the connection is aborted, but for two cases: what
   * a read or write rejected with because the connection was gone is no news, and an IncompleteReadError or a
   * LineTooLongError
   * is the peer's doing: noted, and the connection is closed.
   */
  abstract run(reader: StreamReader, writer: StreamWriter): unknown

  override connectionMade(): void {
    checkValue(this.constructor.name, 'maxBufferedBytes', this.maxBufferedBytes, MAX_BUFFERED)
    this.#finished = this.#runToItsEnd()
  }

  override dataReceived(data: Buffer): unknown {
    return this.#input.push(data)
  }

  /** The peer will send no more: reads answer what is left, then the end. */
  readConnectionLost(): void {
    this.#input.end()
  }

  override connectionLost(reason: ConnectionClosed): void {
    this.#over = reason
    if (reason instanceof ConnectionDone) this.#input.end()
    else this.#input.fail(reason)
  }

  /** A read that still waits rejects with a LocalProtocolError; what `run` does from now on closes nothing. */
  protocolReplaced(): void {
    this.#over = new LocalProtocolError('Cannot read a connection that another protocol has taken over')
    this.#input.fail(this.#over)
  }

  /** What has come and was not read belongs to a handshake that begins. */
  takeUnread(): Buffer {
    return this.#input.takeAll()
  }

  /** The reactor is stopping: the input ends here, and `run` is waited for. */
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
 * The writing side of a connection for a coroutine: `await` each write, and no more is made than the
 * peer takes.
 *
 * Who does not wait for a write need not hear of the end of the connection: its rejection is not an
 * unhandled one.
 */
export class StreamWriter {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /**
   * Queues bytes, or a string as UTF-8, at once; resolves when there is room for more: at once below the
   * high-water mark, above it once the queue is below the low one.
   *
   * @throws {ConnectionClosed} (rejects) when the connection is gone, or goes before there is room.
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

  /** Says that no more will come, behind what was written; reading goes on. */
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

const MAX_BUFFERED = bytes({ endless: true })
/** What a peer can make every read fail with must not fill the log with errors. */
const PEERS_DOING = [
  [IncompleteReadError, 'A peer left in the middle of what was being read'],
  [LineTooLongError, 'A peer sent a line that is too long'],
] as const
const FAILED_LATE = 'A protocol failed after its end'
