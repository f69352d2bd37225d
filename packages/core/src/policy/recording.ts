import { formatAddress } from '../addresses.ts'
import { type ConnectionClosed, ConnectionDone } from '../errors.ts'
import type { ConnectionPolicy, ConnectionWatch } from '../interfaces/policy.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { byteCount, callable, type OptionRules } from '../options/option-rules.ts'

/** How much is recorded. */
export interface RecordConnectionOptions {
  /** Most bytes recorded of one connection, both directions together; later bytes are left out. Default 16 MiB. */
  readonly maxBytes?: number | undefined
}

/**
 * Records every connection: calls `write` with lines of JSON, each with its line feed, that state when which bytes were
 * received and written. `replay` of `@ropewalk/simulation` replays them.
 *
 * Under TLS it records the decrypted bytes: protect the lines as carefully as the secrets in them.
 *
 *     const file = createWriteStream('traffic.jsonl')
 *     await reactor.listenTCP(7, factory, { policies: [recordConnection((line) => file.write(line))] })
 */
export function recordConnection(
  write: (line: string) => void,
  options: RecordConnectionOptions = {},
): ConnectionPolicy {
  checkValue('recordConnection', 'write', write, callable)
  checkOptions('recordConnection', options, RULES)
  const { maxBytes = DEFAULT_MAX_BYTES } = options
  const writeEvent = (event: RecordedEvent): void => write(`${formatRecordedEvent(event)}\n`)
  return { accepted: (transport) => new Recorder(transport, writeEvent, maxBytes) }
}

class Recorder implements ConnectionWatch {
  readonly #transport: Transport
  readonly #record: (event: RecordedEvent) => void
  #bytesLeft: number

  constructor(transport: Transport, record: (event: RecordedEvent) => void, maxBytes: number) {
    this.#transport = transport
    this.#record = record
    this.#bytesLeft = maxBytes
    record({ ...this.#now, what: 'opened', peer: formatAddress(transport.getPeer()) })
  }

  received(data: Buffer): void {
    this.#recordBytes('received', data)
  }

  written(data: Uint8Array | string): void {
    this.#recordBytes('written', Buffer.from(data as Uint8Array))
  }

  closed(reason: Error): void {
    this.#record({ ...this.#now, what: 'closed', clean: reason instanceof ConnectionDone })
  }

  get #now(): { readonly atMs: number; readonly connection: number } {
    const { reactor, id } = this.#transport
    return { atMs: reactor.now(), connection: id }
  }

  #recordBytes(what: 'received' | 'written', data: Buffer): void {
    if (this.#bytesLeft === 0) return
    const kept = data.subarray(0, this.#bytesLeft)
    if (kept.length > 0) this.#record({ ...this.#now, what, bytes: kept })
    this.#bytesLeft -= kept.length
    if (kept.length < data.length) this.#cutShort()
  }

  #cutShort(): void {
    this.#bytesLeft = 0
    this.#record({ ...this.#now, what: 'cut short' })
  }
}

/** When an event happened, and on which connection. */
export interface RecordedStamp {
  /** Milliseconds on the reactor's clock. */
  readonly atMs: number
  /** Identifies the connection within the recording. */
  readonly connection: number
}

/** A connection was made. */
export interface RecordedOpening extends RecordedStamp {
  readonly what: 'opened'
  /** The address of the peer. */
  readonly peer: string
}

/** Bytes were received from the peer, or written to it. */
export interface RecordedBytes extends RecordedStamp {
  readonly what: 'received' | 'written'
  readonly bytes: Buffer
}

/** A connection ended. */
export interface RecordedEnd extends RecordedStamp {
  readonly what: 'closed'
  /** True for a clean close, false for a lost or aborted connection. */
  readonly clean: boolean
}

/** The connection's limit of recorded bytes was reached: later bytes are not recorded. */
export interface RecordedCut extends RecordedStamp {
  readonly what: 'cut short'
}

/** One event of a connection in a recording. */
export type RecordedEvent = RecordedOpening | RecordedBytes | RecordedEnd | RecordedCut

/** The events of one or more connections, in order. */
export type Recording = readonly RecordedEvent[]

/** A line of a recording cannot be read; the message names its number. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError'
  /** Counted from 1. */
  readonly line: number

  constructor(line: number, why: string) {
    super(`Cannot read line ${line} of the recording: ${why}`)
    this.line = line
  }
}

/** Formats an event as one line of JSON, its bytes in base64. */
export function formatRecordedEvent(event: RecordedEvent): string {
  const { atMs, connection, what } = event
  const shown = { atMs: Math.round(atMs * 1000) / 1000, connection, what }
  if (event.what === 'received' || event.what === 'written')
    return JSON.stringify({ ...shown, bytes: event.bytes.toString('base64') })
  if (event.what === 'opened') return JSON.stringify({ ...shown, peer: event.peer })
  return JSON.stringify(event.what === 'closed' ? { ...shown, clean: event.clean } : shown)
}

/** Parses the lines of a recording. @throws {RecordingError} at the first invalid line. */
export function parseRecording(text: string): Recording {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line, at) => eventOf(fieldsOf(line, at + 1), at + 1))
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(line: string, number: number): Fields {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch {
    // Invalid JSON is reported below, as is a value that is not an object.
  }
  throw new RecordingError(number, 'it is not a JSON object')
}

function eventOf(
  { atMs, connection, what, bytes: base64, peer, clean }: Fields,
  line: number,
): RecordedEvent {
  if (typeof atMs !== 'number' || typeof connection !== 'number')
    throw new RecordingError(line, 'it needs the numbers atMs and connection')
  const stamp = { atMs, connection }
  if (what === 'opened' && typeof peer === 'string') return { ...stamp, what, peer }
  if (what === 'closed' && typeof clean === 'boolean') return { ...stamp, what, clean }
  if (what === 'cut short') return { ...stamp, what }
  if ((what === 'received' || what === 'written') && typeof base64 === 'string' && BASE64.test(base64))
    return { ...stamp, what, bytes: Buffer.from(base64, 'base64') }
  throw new RecordingError(line, `a field of the event is missing or wrong (${String(what)})`)
}

/** One event of a connection. */
export interface TrafficEntry {
  /** Milliseconds on the clock of `reactor.now()`. */
  readonly atMs: number
  /** The connection's id. */
  readonly connection: number
  readonly peer: string
  readonly what: 'accepted' | 'received' | 'written' | 'closed'
  /** The bytes, for `received` and `written`. */
  readonly data?: Buffer
  /** Why the connection ended, for `closed`. */
  readonly reason?: ConnectionClosed
}

/**
 * Calls `write` for everything received and written, and for the start and end; under TLS, with the decrypted bytes.
 */
export class TrafficLog implements ConnectionPolicy {
  readonly #write: (entry: TrafficEntry) => void

  /** @throws {TypeError} when `write` is not a function. */
  constructor(write: (entry: TrafficEntry) => void) {
    checkValue('TrafficLog', 'write', write, callable)
    this.#write = write
  }

  accepted(transport: Transport): ConnectionWatch {
    const log = (what: TrafficEntry['what'], more: Pick<TrafficEntry, 'data' | 'reason'> = {}): void =>
      this.#write({
        atMs: transport.reactor.now(),
        connection: transport.id,
        peer: formatAddress(transport.getPeer()),
        what,
        ...more,
      })
    log('accepted')
    return {
      received: (data) => log('received', { data: Buffer.from(data) }),
      written: (data) => log('written', { data: Buffer.from(data as Uint8Array) }),
      closed: (reason) => log('closed', { reason }),
    }
  }
}

const RULES: OptionRules<RecordConnectionOptions> = { maxBytes: byteCount({ endless: true }) }
const DEFAULT_MAX_BYTES = 16_777_216
const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/
