import { type ConnectionClosed, Protocol } from '@ropewalk/core'
import type { TLSContext, TLSSession } from '@ropewalk/core/tls'
import { FAREWELL, type Kind, type Way, WELCOME } from './drained.ts'
import { HTTPClient } from './http-client.ts'
import { CLOSE, type Frame, readClose, TEXT, WebSocketClient } from './web-socket-client.ts'

/** A client whose connection is up when its server stops. */
export interface DrainedClient {
  /** What is wrong with the end of the connection, if the server had enough time; undefined for nothing. */
  readonly missed: string | undefined
}

/** Asks for a switch of its connection, and then sends a line every 130 ms until the server closes. */
export class Guest extends Protocol implements DrainedClient {
  readonly #way: Way
  readonly kind: Kind
  readonly #tls: TLSContext
  #received = ''
  #sent = 0
  #switched = false
  #ended = false

  constructor(way: Way, kind: Kind, tls: TLSContext) {
    super()
    this.#way = way
    this.kind = kind
    this.#tls = tls
  }

  get missed(): string | undefined {
    if (!this.#switched || this.kind === 'plain' || this.kind === 'stubborn') return undefined
    // If nothing was received after the switch, the previous protocol may have closed the connection.
    if (this.#received === '') return undefined
    if (this.#received.endsWith(FAREWELL)) return undefined
    return `a ${this.kind} protocol switched by ${this.#way} has not sent its farewell: ${JSON.stringify(this.#received.slice(-40))}`
  }

  override connectionMade(): void {
    if (this.#way === 'line under tls') this.transport.startTLS(this.#tls)
    else
      this.transport.write(this.#way === 'upgrade' ? upgradeTo(this.kind) : `${this.#way} ${this.kind}\r\n`)
  }

  override dataReceived(data: Buffer): void {
    this.#received += data.toString()
    if (this.#switched) return
    const greeting = this.#way === 'upgrade' ? '\r\n\r\n' : `${WELCOME}\r\n`
    if (!this.#received.endsWith(greeting)) return
    this.#received = ''
    if (this.#way === 'tls') this.transport.startTLS(this.#tls)
    else this.#goOn()
  }

  handshakeCompleted(_session: TLSSession): void {
    if (this.#way === 'tls') this.#goOn()
    else this.transport.write(`line ${this.kind}\r\n`)
  }

  override connectionLost(_reason: ConnectionClosed): void {
    this.#ended = true
  }

  #goOn(): void {
    this.#switched = true
    this.#sendNext()
  }

  #sendNext(): void {
    if (this.#ended) return
    this.transport.write(`${this.#sent++}\r\n`)
    this.transport.reactor.callLater(PACE_MS, () => this.#sendNext())
  }
}

/** An HTTP client with requests under way when the server stops. */
export class Asker extends HTTPClient implements DrainedClient {
  get missed(): string | undefined {
    return this.isCut ? 'a response was cut' : undefined
  }
}

/** A client with an open WebSocket when the server stops. */
export class OpenWebSocket extends WebSocketClient implements DrainedClient {
  #opened = false
  #code: number | undefined

  get missed(): string | undefined {
    return this.#opened && this.#code !== GOING_AWAY ? `a WebSocket was closed with ${this.#code}` : undefined
  }

  protected override opened(): void {
    this.#opened = true
    this.send(TEXT, Buffer.from('here I am'), true)
  }

  protected override frameReceived({ opcode, payload }: Frame): void {
    if (opcode !== CLOSE) return
    this.#code = readClose(payload).code
    this.sendClose({ code: this.#code, reason: '' })
  }
}

function upgradeTo(kind: Kind): string {
  return [
    `GET /switch/${kind} HTTP/1.1`,
    'Host: server',
    `Upgrade: ${kind}`,
    'Connection: Upgrade',
    '',
    '',
  ].join('\r\n')
}

/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001
const PACE_MS = 130
