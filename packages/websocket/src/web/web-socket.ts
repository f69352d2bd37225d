import { CloseCode } from '../codec/close-frame.ts'
import { type Reactor, reactor as defaultReactor } from '@ropewalk/core'
import type { GivenOptions } from '@ropewalk/core/options'
import { WebSocketClientEndpoint } from '../client/websocket-client-endpoint.ts'
import { WebSocketClientFactory } from '../client/websocket-client-factory.ts'
import type { WebSocketClientOptions } from '../client/websocket-client-options.ts'
import type { WebSocketClosed } from '../connection/websocket-connection.ts'
import { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import type { WebSocketTransport } from '../connection/websocket-transport.ts'
import { areSubprotocols } from '../handshake/client-handshake.ts'
import { WebSocketEventTarget } from './event-listeners.ts'
import { CloseEvent, ErrorEvent } from './events.ts'

/** What is not in the WHATWG standard: the reactor, and the options of a client, such as `headers`. */
export interface WebSocketInit extends GivenOptions<Omit<WebSocketClientOptions, 'subprotocols'>> {
  /** Default: the `reactor` of `@ropewalk/core`. */
  readonly reactor?: Reactor | undefined
}

/** What the data of a binary message is: a Blob or an ArrayBuffer. */
export type BinaryType = 'blob' | 'arraybuffer'

/**
 * A client's WebSocket as browsers have it, for code that was written for browsers.
 *
 * What is different: a third argument takes options; events are dispatched when a message is read, not as a task
 * of their own; `error` events state what went wrong; a listener that throws is logged, and the WebSocket goes
 * on. The interface cannot slow a peer down: programs written for Node use `connectWebSocket`.
 *
 * @see https://websockets.spec.whatwg.org/
 */
export class WebSocket extends WebSocketEventTarget {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSING = 2
  static readonly CLOSED = 3
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  readonly #reactor: Reactor
  readonly #url: URL
  #state: State
  #binaryType: BinaryType = 'blob'
  readonly #amount = new BufferedAmount()

  /**
   * Begins to connect.
   *
   * @param url `ws:` or `wss:`; `http:` and `https:` are changed to them.
   * @param protocols The subprotocols to offer, best first.
   * @throws {DOMException} SyntaxError, for a URL or subprotocol that the standard refuses.
   * @throws {TypeError | RangeError} when an option has a wrong name, type or value.
   */
  constructor(url: string | URL, protocols: string | readonly string[] = [], init: WebSocketInit = {}) {
    super()
    const { reactor = defaultReactor, ...options } = init
    this.#reactor = reactor
    this.#url = webURL(url)
    const subprotocols = typeof protocols === 'string' ? [protocols] : [...protocols]
    if (!areSubprotocols(subprotocols)) throw syntaxError('The subprotocols must be different tokens')
    const endpoint = new WebSocketClientEndpoint(reactor, this.#url, { ...options, subprotocols })
    const attempt = new AbortController()
    this.#state = { is: 'connecting', attempt }
    const factory = WebSocketClientFactory.forProtocol(WebProtocol, {
      opened: (transport) => this.#opened(transport),
      received: (data) => this.#received(data),
      lost: (reason) => this.#lost(reason),
    })
    void endpoint.connect(factory, { signal: attempt.signal }).catch((error: unknown) => this.#failed(error))
  }

  /** The URL, as it was understood. */
  get url(): string {
    return this.#url.href
  }

  /** CONNECTING (0), OPEN (1), CLOSING (2) or CLOSED (3). */
  get readyState(): 0 | 1 | 2 | 3 {
    const state = this.#state
    if (state.is === 'open') return state.transport.open ? this.OPEN : this.CLOSING
    return state.is === 'connecting' ? this.CONNECTING : state.is === 'closing' ? this.CLOSING : this.CLOSED
  }

  /** Bytes of messages that were sent and have not left. Not reset when the WebSocket is closed. */
  get bufferedAmount(): number {
    return this.#amount.of(this.#transport?.bufferedBytes)
  }

  /** The subprotocol that the server chose; '' before, and when there is none. */
  get protocol(): string {
    return this.#transport?.subprotocol ?? ''
  }

  /** The extensions that the server agreed to; '' before, and when there are none. */
  get extensions(): string {
    return this.#transport?.response.headers.getRawHeaders('Sec-WebSocket-Extensions')?.join(', ') ?? ''
  }

  /** What the data of a binary message is. Default `blob`, as in browsers. */
  get binaryType(): BinaryType {
    return this.#binaryType
  }

  set binaryType(type: BinaryType) {
    if (type === 'blob' || type === 'arraybuffer') this.#binaryType = type
  }

  /**
   * Sends a message: text, or bytes as a binary message, which are copied.
   *
   * @throws {DOMException} InvalidStateError while it is connecting.
   */
  send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void {
    const state = this.#state
    if (state.is === 'connecting') {
      throw new DOMException('Cannot send before the WebSocket is open', 'InvalidStateError')
    }
    if (data instanceof Blob) return this.#sendBlob(data)
    const payload = payloadOf(data)
    const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
    if (state.is !== 'open') return this.#amount.dropped(bytes)
    const status =
      typeof payload === 'string'
        ? state.transport.sendTextMessage(payload)
        : state.transport.sendBytesMessage(payload)
    if (status === 'dropped') this.#amount.dropped(bytes)
    else this.#amount.sent(bytes, state.transport.bufferedBytes)
  }

  /**
   * Closes the WebSocket, or gives up the attempt to connect.
   *
   * @throws {DOMException} InvalidAccessError, unless the code is 1000 or 3000 to 4999; SyntaxError for a reason
   *   of more than 123 bytes.
   */
  close(code?: number, reason: string = ''): void {
    const given = code === undefined ? undefined : clamped(code)
    if (given !== undefined && given !== CloseCode.normal && !(given >= 3000 && given <= 4999)) {
      const message = `Cannot close with code ${code}: use 1000, or 3000 to 4999`
      throw new DOMException(message, 'InvalidAccessError')
    }
    const text = textOf(reason)
    if (Buffer.byteLength(text) > MAX_REASON_BYTES) {
      throw syntaxError(`Cannot close with a reason of more than ${MAX_REASON_BYTES} bytes`)
    }
    const state = this.#state
    if (state.is === 'connecting') {
      this.#state = { is: 'closing', transport: undefined }
      state.attempt.abort()
    }
    if (state.is === 'open') {
      this.#state = { is: 'closing', transport: state.transport }
      const withoutCode = given === undefined && text === ''
      state.transport.loseConnection(withoutCode ? null : (given ?? CloseCode.normal), text)
    }
  }

  protected override listenerFailed(error: unknown): void {
    const text = 'A listener of a WebSocket failed'
    this.#reactor.log({ level: 'error', namespace: 'ropewalk.websocket', text, source: this, error })
  }

  get #transport(): WebSocketTransport | undefined {
    return this.#state.is === 'connecting' ? undefined : this.#state.transport
  }

  #opened(transport: WebSocketTransport): void {
    // It was closed while the server responded.
    if (this.#state.is !== 'connecting') return transport.abortConnection()
    this.#state = { is: 'open', transport }
    this.dispatchEvent(new Event('open'))
  }

  #received(received: string | Buffer): void {
    if (this.#state.is !== 'open') return
    const data = typeof received === 'string' ? received : this.#binary(received)
    this.dispatchEvent(new MessageEvent('message', { data, origin: this.#url.origin }))
  }

  #binary(data: Buffer): Blob | ArrayBuffer {
    const bytes = new Uint8Array(data)
    return this.#binaryType === 'blob' ? new Blob([bytes]) : bytes.buffer
  }

  #sendBlob(blob: Blob): void {
    const state = this.#state
    if (state.is !== 'open') return this.#amount.dropped(blob.size)
    this.#amount.blob(blob.size)
    void state.transport
      .sendMessage(blob.stream())
      .then((status) => status === 'sent' && this.#amount.blob(-blob.size))
  }

  #lost({ code, reason, wasClean, closedBy, violation, cause }: WebSocketClosed): void {
    // An attempt that failed late is reported by the endpoint.
    if (this.#transport === undefined) return
    const failed = closedBy === 'neither' || violation !== undefined
    this.#closed(failed ? { error: cause } : undefined, { code, reason, wasClean })
  }

  #failed(error: unknown): void {
    if (this.#transport === undefined && this.#state.is !== 'closed')
      this.#closed({ error }, { code: CloseCode.abnormal, reason: '', wasClean: false })
  }

  #closed(
    failure: { readonly error: unknown } | undefined,
    end: { readonly code: number; readonly reason: string; readonly wasClean: boolean },
  ): void {
    this.#state = { is: 'closed', transport: this.#transport }
    if (failure !== undefined) {
      const { error } = failure
      const message = error instanceof Error ? error.message : String(error)
      this.dispatchEvent(new ErrorEvent('error', { message, error }))
    }
    this.dispatchEvent(new CloseEvent('close', end))
  }
}

type State =
  | { readonly is: 'connecting'; readonly attempt: AbortController }
  | { readonly is: 'open'; readonly transport: WebSocketTransport }
  | { readonly is: 'closing' | 'closed'; readonly transport: WebSocketTransport | undefined }

/** Counts the bytes of messages, without the frames around them, that have not left. */
class BufferedAmount {
  /** Bytes sent since everything had left. */
  #sentBytes = 0
  #blobBytes = 0
  /** Bytes that will never leave. */
  #droppedBytes = 0

  /** @param bufferedBytes What the transport still holds, frames included. */
  of(bufferedBytes: number = 0): number {
    if (bufferedBytes === 0) this.#sentBytes = 0
    return Math.min(this.#sentBytes, bufferedBytes) + this.#blobBytes + this.#droppedBytes
  }

  /** A message was sent; the transport holds `bufferedBytes` with it. */
  sent(bytes: number, bufferedBytes: number): void {
    this.#sentBytes = Math.min(this.#sentBytes + bytes, bufferedBytes)
  }

  /** A Blob begins to be sent, or, with a negative number, has been sent. */
  blob(bytes: number): void {
    this.#blobBytes += bytes
  }

  /** A message was not sent. */
  dropped(bytes: number): void {
    this.#droppedBytes += bytes
  }
}

/** What a WebSocket is notified of. */
interface WebProtocolOwner {
  opened(transport: WebSocketTransport): void
  received(data: string | Buffer): void
  lost(reason: WebSocketClosed): void
}

class WebProtocol extends WebSocketProtocol {
  readonly #owner: WebProtocolOwner

  constructor(owner: WebProtocolOwner) {
    super()
    this.#owner = owner
  }

  override negotiationFinished(): void {
    this.#owner.opened(this.transport)
  }

  override textMessageReceived(text: string): void {
    this.#owner.received(text)
  }

  override bytesMessageReceived(data: Buffer): void {
    this.#owner.received(data)
  }

  override connectionLost(reason: WebSocketClosed): void {
    this.#owner.lost(reason)
  }
}

function webURL(given: string | URL): URL {
  let url: URL
  try {
    url = new URL(given)
  } catch {
    throw syntaxError(`Cannot open a WebSocket to "${String(given).slice(0, 80)}": it is no absolute URL`)
  }
  if (url.protocol === 'http:') url.protocol = 'ws:'
  if (url.protocol === 'https:') url.protocol = 'wss:'
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:')
    throw syntaxError(`Cannot open a WebSocket with the scheme "${url.protocol}": use ws: or wss:`)
  if (url.hash !== '' || url.href.endsWith('#'))
    throw syntaxError('Cannot open a WebSocket to a URL with a fragment')
  return url
}

/** The payload, as the caller can no longer change it. Like browsers, what is neither text nor bytes is text. */
function payloadOf(data: unknown): string | Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data).slice()
  return textOf(data)
}

function textOf(value: unknown): string {
  return String(value)
}

/** A number as Web IDL reads `[Clamp] unsigned short`: also from a string, and rounded, half to even. */
function clamped(value: unknown): number {
  const within = Math.min(Math.max(Number(value) || 0, 0), 65_535)
  const rounded = Math.round(within)
  return rounded - within === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded
}

function syntaxError(message: string): DOMException {
  return new DOMException(message, 'SyntaxError')
}

const MAX_REASON_BYTES = 123
