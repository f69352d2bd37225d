import { formatAddress } from '../addresses.ts'
import type { ConnectionPolicy, ConnectionWatch } from '../interfaces/policy.ts'
import type { Transport } from '../interfaces/transport.ts'
import { ConnectionDone } from '../errors.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { bytes, callable, type OptionRules } from '../options/option-rules.ts'
import { formatRecordedEvent, type RecordedEvent } from './recording.ts'

/** How much is recorded. */
export interface RecordConnectionOptions {
  /** Most bytes recorded of one connection, in both directions together; the rest is left out. Default 16 MiB. */
  readonly maxBytes?: number | undefined
}

/**
 * Records every connection: gives `write` lines of JSON, each with its line feed, that say when which bytes came and
 * went. `replay` of `@ropewalk/simulation` plays them again.
 *
 * Under TLS it records what is protected, and so whatever is secret in it: keep the lines as carefully.
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
  const record = (event: RecordedEvent): void => write(`${formatRecordedEvent(event)}\n`)
  return { accepted: (transport) => new Recorder(transport, record, maxBytes) }
}

class Recorder implements ConnectionWatch {
  readonly #transport: Transport
  readonly #record: (event: RecordedEvent) => void
  #room: number

  constructor(transport: Transport, record: (event: RecordedEvent) => void, maxBytes: number) {
    this.#transport = transport
    this.#record = record
    this.#room = maxBytes
    record({ ...this.#now, what: 'opened', peer: formatAddress(transport.getPeer()) })
  }

  received(data: Buffer): void {
    this.#passed('received', data)
  }

  written(data: Uint8Array | string): void {
    this.#passed('written', Buffer.from(data as Uint8Array))
  }

  closed(reason: Error): void {
    this.#record({ ...this.#now, what: 'closed', clean: reason instanceof ConnectionDone })
  }

  get #now(): { readonly atMs: number; readonly connection: number } {
    const { reactor, id } = this.#transport
    return { atMs: reactor.now(), connection: id }
  }

  #passed(what: 'received' | 'written', data: Buffer): void {
    if (this.#room === 0) return
    const kept = data.subarray(0, this.#room)
    if (kept.length > 0) this.#record({ ...this.#now, what, bytes: kept })
    this.#room -= kept.length
    if (kept.length < data.length) this.#cutShort()
  }

  #cutShort(): void {
    this.#room = 0
    this.#record({ ...this.#now, what: 'cut short' })
  }
}

const RULES: OptionRules<RecordConnectionOptions> = { maxBytes: bytes({ endless: true }) }
const DEFAULT_MAX_BYTES = 16_777_216
