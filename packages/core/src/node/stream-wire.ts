import type { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import type { ReadStream } from 'node:tty'
import { unixAddress } from '../addresses.ts'
import { LocalProtocolError } from '../errors.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { TransportOptions } from '../interfaces/transport.ts'
import type { Wire, WireEvents } from '../interfaces/wire.ts'
import type { ConnectionRegistry } from '../transport/connection-registry.ts'
import { UNLIMITED_GRACE_MS } from '../transport/inbound.ts'
import { StreamTransport } from '../transport/stream-transport.ts'
import { transportOptions } from '../transport/transport-options.ts'

/** The two directions of a wire. A missing one counts as ended. */
export interface WireStreams {
  readonly readable?: Readable
  readonly writable?: Writable
  /**
   * Whether the streams outlive the wire, as stdin and stdout do. The wire then detaches from them; it closes
   * only an output with unwritten bytes.
   */
  readonly outlive?: boolean
}

/**
 * A wire over a readable and a writable stream: pipes, files, terminals.
 *
 * It closes once both have ended; an error of either, such as EPIPE, closes both.
 */
export class StreamWire implements Wire {
  readonly #readable: Readable | undefined
  readonly #writable: Writable | undefined
  readonly #outlive: boolean
  readonly #listening: (() => void)[] = []
  #events: WireEvents | undefined
  #readOver: boolean
  #writeOver: boolean
  /** The events before `attach`. */
  readonly #missed: ((events: WireEvents) => void)[] = []
  #blocked = false
  #paused = false
  #closed = false
  readonly #onWritten = (error?: Error | null): void => {
    if (error || !this.#blocked || this.#closed || this.#writable?.writableLength !== 0) return
    this.#blocked = false
    this.#events?.wireWritable()
  }

  /** From here on no event of the streams is lost. Errors after the close of the wire are ignored. */
  constructor({ readable, writable, outlive = false }: WireStreams) {
    this.#readable = readable
    this.#writable = writable
    this.#outlive = outlive
    this.#readOver = readable === undefined
    this.#writeOver = writable === undefined
    for (const stream of [readable, writable]) {
      if (stream === undefined) continue
      this.#listen(stream, 'error', (error: Error) => this.#shut(error))
      // A stream may serve several wires, one after the other.
      if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore)
    }
    if (readable !== undefined) this.#awaitEnd(readable)
    if (writable !== undefined) this.#awaitFinish(writable)
  }

  /** Starts reading. */
  attach(events: WireEvents): void {
    // Within this call the caller is not ready for the missed events.
    if (this.#missed.length > 0) process.nextTick(() => this.#catchUp(events))
    else this.#events = events
    if (this.#readable !== undefined && !this.#closed) this.#read(this.#readable)
  }

  write(parts: readonly (Buffer | string)[]): boolean {
    const writable = this.#writable
    if (writable === undefined || this.#closed) return true
    writable.cork()
    for (const part of parts.slice(0, -1)) writable.write(part)
    writable.write(parts.at(-1) ?? '', this.#onWritten)
    writable.uncork()
    // A failed write sets only `errored` at once; the close follows later. Nothing is sent any more.
    this.#blocked = writable.writableLength > 0 || writable.destroyed || writable.errored instanceof Error
    return !this.#blocked
  }

  end(): void {
    if (this.#writable === undefined || this.#closed) return
    // A terminal has no end of output, and Node would refuse all later writes to it.
    if (this.#outlive && isTerminal(this.#writable)) this.#writeEnded()
    else this.#writable.end()
  }

  abort(): void {
    this.#shut(undefined)
  }

  close(): void {
    this.#shut(undefined)
  }

  pause(): void {
    this.#paused = true
    this.#readable?.pause()
  }

  resume(): void {
    this.#paused = false
    if (!this.#closed) this.#readable?.resume()
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  #read(readable: Readable): void {
    this.#listen(readable, 'data', (data: Buffer | string) => {
      if (this.#paused) this.#putBack(readable, data)
      else this.#events?.wireData(typeof data === 'string' ? Buffer.from(data) : data)
    })
    // Node resumes the pipes of a child that has exited, even if they were paused.
    this.#listen(readable, 'resume', () => this.#paused && readable.pause())
    if (!this.#paused) readable.resume()
  }

  /** Other code has resumed the stream, and 'resume' is not emitted yet: the bytes are kept. */
  #putBack(readable: Readable, data: Buffer | string): void {
    readable.pause()
    readable.unshift(data)
  }

  #awaitEnd(readable: Readable): void {
    if (readable.readableEnded) return this.#readEnded()
    if (readable.destroyed) return this.#shut(readable.errored ?? undefined)
    this.#listen(readable, 'end', () => this.#readEnded())
    this.#listen(readable, 'close', () => this.#closeEarlyUnless(this.#readOver))
  }

  #awaitFinish(writable: Writable): void {
    if (writable.writableFinished) return this.#writeEnded()
    if (writable.destroyed) return this.#shut(writable.errored ?? undefined)
    this.#listen(writable, 'finish', () => this.#writeEnded())
    this.#listen(writable, 'close', () => this.#closeEarlyUnless(this.#writeOver))
  }

  #notify(call: (events: WireEvents) => void): void {
    if (this.#events === undefined) this.#missed.push(call)
    else call(this.#events)
  }

  #catchUp(events: WireEvents): void {
    this.#events = events
    for (const call of this.#missed.splice(0)) call(events)
  }

  #readEnded(): void {
    this.#readOver = true
    this.#notify((events) => events.wireEnded())
    this.#closeIfOver()
  }

  #listen(stream: EventEmitter, event: string, call: (...args: never[]) => unknown): void {
    const listener = call as (...args: unknown[]) => unknown
    stream.on(event, listener)
    this.#listening.push(() => stream.off(event, listener))
  }

  #writeEnded(): void {
    this.#writeOver = true
    this.#closeIfOver()
  }

  #closeIfOver(): void {
    if (this.#readOver && this.#writeOver) this.#shut(undefined)
  }

  /** A stream that closes before its end was destroyed by other code. */
  #closeEarlyUnless(over: boolean): void {
    if (!over) this.#shut(undefined)
  }

  #release(): void {
    this.#readable?.pause()
    const writable = this.#writable
    if (writable !== undefined && writable.writableLength > 0 && !writable.destroyed) giveUpWriting(writable)
  }

  #shut(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    for (const stop of this.#listening.splice(0)) stop()
    if (this.#outlive) this.#release()
    else for (const stream of [this.#readable, this.#writable]) stream?.destroy()
    setImmediate(() => this.#notify((events) => events.wireClosed(error)))
  }
}

/**
 * Drops pending writes, which would keep the process alive. `destroy` does not close stdout and stderr; a
 * socket's own `_destroy` closes their handle, so that later writes fail.
 */
function giveUpWriting(writable: Writable): void {
  if (writable instanceof Socket) Socket.prototype._destroy.call(writable, null, ignore)
  else writable.destroy()
}

function isTerminal(stream: Writable): boolean {
  return 'isTTY' in stream && stream.isTTY === true
}

function ignore(): void {}

/** The reactor that has the connection, and its two streams. */
export interface StandardIOSetup {
  readonly registry: ConnectionRegistry
  /** Default: `process.stdin`. */
  readonly input?: Readable
  /** Default: `process.stdout`. */
  readonly output?: Writable
}

/**
 * stdin and stdout as the connection of a protocol; both of its addresses are UNIX addresses without a path.
 * It has no policies.
 *
 * At its end stdin is paused, so that the process can exit or other code can read on, and a terminal gets
 * back its previous mode. After our end of output Node keeps the descriptor of stdout open: over a socket
 * pair, such as a Node parent's pipe, the reader sees EOF at once, otherwise when the process exits.
 */
export class StandardIO extends StreamTransport {
  /**
   * @throws {LocalProtocolError} when other code reads the input already, it has ended, or the reactor is
   * stopping.
   */
  constructor(
    protocol: ProtocolEvents,
    { registry, input = process.stdin, output = process.stdout }: StandardIOSetup,
  ) {
    assertFree(input)
    if (registry.stopping) throw new LocalProtocolError('Cannot take standard input: the reactor is stopping')
    const restore = restoringMode(input)
    const wire = new StreamWire({ readable: input, writable: output, outlive: true })
    const nowhere = unixAddress('')
    super({
      registry,
      wire,
      localAddress: nowhere,
      peerAddress: nowhere,
      options: transportOptions(PATIENT),
      onLost: restore,
    })
    const connection = StreamTransport.connectionOf(this)
    wire.attach(connection)
    void connection.begin(protocol)
  }
}

function assertFree(input: Readable): void {
  if (input.listenerCount('data') + input.listenerCount('readable') > 0)
    throw new LocalProtocolError('Cannot take standard input: other code reads it already')
  if (input.readableEnded || input.destroyed)
    throw new LocalProtocolError('Cannot take standard input: it has ended')
}

function restoringMode(input: Readable): () => void {
  if (!isTerminalInput(input)) return () => undefined
  const { isRaw } = input
  return () => {
    if (input.isRaw !== isRaw) input.setRawMode(isRaw)
  }
}

function isTerminalInput(input: Readable): input is ReadStream {
  return 'isTTY' in input && input.isTTY === true
}

/**
 * A user or a pager may read slowly, and a program may work on after the end of its input: neither aborts the
 * connection. After our own end, the end of the input is not waited for.
 */
const PATIENT: Partial<TransportOptions> = {
  writeStallMs: Infinity,
  departureGraceMs: UNLIMITED_GRACE_MS,
  lingerMs: 0,
}
