import { type ConnectionClosed, Protocol, type TLSContext, type TLSSession } from '@ropewalk/core'
import { FAREWELL, type Kind, type Way, WELCOME } from './drained.ts'
import { HTTPClient } from './http-client.ts'
import { CLOSE, type Frame, readGoodbye, TEXT, WebSocketClient } from './web-socket-client.ts'

/** A client whose connection is up when its server stops, and what it should see then. */
export interface DrainedClient {
  /** What is not as it should be when the server had all the time it wanted; undefined for nothing. */
  readonly missed: string | undefined
}

/** Has a connection switched, then says something again and again, until the server closes. */
export class Guest extends Protocol implements DrainedClient {
  readonly #way: Way
  readonly kind: Kind
  readonly #tls: TLSContext
  #heard = ''
  #said = 0
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
    // Who heard nothing may have been closed by the protocol before.
    if (this.#heard === '') return undefined
    if (this.#heard.endsWith(FAREWELL)) return undefined
    return `a ${this.kind} protocol behind ${this.#way} has not said farewell: ${JSON.stringify(this.#heard.slice(-40))}`
  }

  override connectionMade(): void {
    if (this.#way === 'line under tls') this.transport.startTLS(this.#tls)
    else
      this.transport.write(this.#way === 'upgrade' ? upgradeTo(this.kind) : `${this.#way} ${this.kind}\r\n`)
  }

  override dataReceived(data: Buffer): void {
    this.#heard += data.toString()
    if (this.#switched) return
    const greeting = this.#way === 'upgrade' ? '\r\n\r\n' : `${WELCOME}\r\n`
    if (!this.#heard.endsWith(greeting)) return
    this.#heard = ''
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
    this.#say()
  }

  #say(): void {
    if (this.#ended) return
    this.transport.write(`${this.#said++}\r\n`)
    this.transport.reactor.callLater(PACE_MS, () => this.#say())
  }
}

/** Asks an HTTP server when it stops. */
export class Asker extends HTTPClient implements DrainedClient {
  get missed(): string | undefined {
    return this.isCut ? 'an answer broke off' : undefined
  }
}

/** Has a WebSocket open when its server stops. */
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
    this.#code = readGoodbye(payload).code
    this.sayGoodbye({ code: this.#code, reason: '' })
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
