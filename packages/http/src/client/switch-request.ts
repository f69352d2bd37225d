import {
  ConnectionAborted,
  type ConnectionClosed,
  type HalfCloseable,
  Protocol,
  type Securable,
} from '@ropewalk/core'
import { assertNever, ByteQueue } from '@ropewalk/core/bytes'
import { Deadline } from '@ropewalk/core/time'
import type { TLSContext } from '@ropewalk/core/tls'
import type { ResponseLimits } from '../codec/limits.ts'
import { type ResponseEvent, type ResponseHead, ResponseReader } from '../codec/response-reader.ts'
import { RemoteProtocolError } from '../errors.ts'

/** A response that does not switch protocols. */
export interface Refusal {
  readonly head: ResponseHead
  /** At most `maxBodyBytes` of the body. */
  readonly body: Buffer
  /** Whether `body` is the whole body. */
  readonly complete: boolean
}

/** Why there is no response, or none that can be read. */
export type SwitchFailure =
  /** The TLS handshake has failed. */
  | { readonly is: 'tls'; readonly reason: ConnectionClosed }
  /** The response breaks the rules of HTTP or a limit. */
  | { readonly is: 'malformed'; readonly error: RemoteProtocolError }
  /** `timeoutMs` has passed. */
  | { readonly is: 'timeout' }
  /** The connection has ended. */
  | { readonly is: 'lost'; readonly reason: ConnectionClosed }

/** What a SwitchRequest is made with. */
export interface SwitchRequestSetup {
  readonly method: string
  /** The head of the request. */
  readonly head: Uint8Array
  readonly limits: ResponseLimits
  /** Most bytes that are kept of the body of a refusal. */
  readonly maxBodyBytes: number
  /** Longest wait for the whole response in milliseconds, after the TLS handshake. */
  readonly timeoutMs: number
  /** TLS to start before the request. Default: the request is sent at once. */
  readonly tls?: TLSContext | undefined
  readonly events: SwitchEvents
}

/** What a SwitchRequest calls: one of the three, once. */
export interface SwitchEvents {
  /**
   * The server switches protocols: the caller calls `transport.switchProtocol`, now or before the promise that it
   * returns settles. Nothing is delivered before.
   *
   * @param unread The bytes after the head, which belong to the next protocol.
   */
  switched(head: ResponseHead, unread: Buffer): unknown
  /** The server responds with something else. The connection is closed. */
  refused(refusal: Refusal): void
  /** The connection is closed. */
  failed(why: SwitchFailure): void
}

/**
 * Sends one request without a body, after which the connection speaks another protocol: a CONNECT, or a GET with
 * Upgrade. Interim responses are passed over.
 *
 * @see RFC 9110 §7.8, §9.3.6
 */
export class SwitchRequest extends Protocol<unknown> implements HalfCloseable, Securable {
  readonly #setup: SwitchRequestSetup
  readonly #input = new ByteQueue()
  readonly #reader: ResponseReader
  #deadline: Deadline | undefined
  #state: State = { is: 'securing' }

  constructor(setup: SwitchRequestSetup) {
    super()
    this.#setup = setup
    this.#reader = new ResponseReader(setup.limits, setup.method)
  }

  override connectionMade(): void {
    const { tls } = this.#setup
    const { transport } = this
    if (tls === undefined) return this.#send()
    if (transport.tlsSession === undefined) return transport.startTLS(tls)
    const why = new ConnectionAborted('TLS cannot run within TLS, as through a proxy that is reached by TLS')
    this.#failed({ is: 'tls', reason: why })
  }

  handshakeCompleted(): void {
    this.#send()
  }

  override dataReceived(data: Buffer): unknown {
    if (this.#state.is === 'over') return undefined
    this.#input.push(data)
    try {
      return this.#read()
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error
      return this.#broken(error)
    }
  }

  /** The server has ended its side: that may be the end of a body. */
  readConnectionLost(): void {
    this.#ended(new ConnectionAborted('The server has ended the connection'))
  }

  override connectionLost(reason: ConnectionClosed): void {
    this.#ended(reason)
  }

  #send(): void {
    const { head, timeoutMs } = this.#setup
    this.#state = { is: 'head' }
    this.#deadline = new Deadline(this.transport.reactor, () => this.#late())
    this.#deadline.set(timeoutMs)
    this.transport.write(head)
  }

  #read(): unknown {
    while (this.#state.is === 'head' || this.#state.is === 'body') {
      const event = this.#reader.next(this.#input)
      if (event === undefined) return undefined
      if (event.type === 'head' && event.head.switches) return this.#switched(event.head)
      this.#eventRead(event)
    }
    return undefined
  }

  #eventRead(event: ResponseEvent): void {
    switch (event.type) {
      case 'interim':
        return
      case 'head':
        this.#state = { is: 'body', head: event.head, pieces: [], bytes: 0 }
        return
      case 'data':
        return this.#bodyRead(event.data)
      case 'end':
        return this.#refused({ complete: true })
      default:
        assertNever(event)
    }
  }

  #bodyRead(data: Buffer): void {
    const state = this.#state
    if (state.is !== 'body') return
    const space = this.#setup.maxBodyBytes - state.bytes
    state.pieces.push(data.subarray(0, space))
    state.bytes += Math.min(data.length, space)
    if (data.length > space) this.#refused({ complete: false })
  }

  #switched(head: ResponseHead): unknown {
    this.#over()
    return this.#setup.events.switched(head, this.#input.takeAll())
  }

  #refused({ complete }: { readonly complete: boolean }): void {
    const state = this.#state
    if (state.is !== 'body') return
    this.#over()
    // What is left of the body is of no use to us: it is not waited for.
    if (complete) this.transport.loseConnection()
    else this.transport.abortConnection()
    this.#setup.events.refused({ head: state.head, body: Buffer.concat(state.pieces), complete })
  }

  #late(): void {
    if (this.#state.is === 'body') this.#refused({ complete: false })
    else this.#failed({ is: 'timeout' })
  }

  /** The status of a refusal matters more than a fault in its body. */
  #broken(error: RemoteProtocolError): void {
    if (this.#state.is === 'body') this.#refused({ complete: false })
    else this.#failed({ is: 'malformed', error })
  }

  #ended(reason: ConnectionClosed): void {
    const { is } = this.#state
    if (is === 'over') return
    if (is === 'securing') return this.#failed({ is: 'tls', reason })
    try {
      const end = this.#reader.endOfInput()
      if (end !== undefined) this.#eventRead(end)
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error
      if (is === 'body') this.#refused({ complete: false })
      else this.#failed({ is: 'lost', reason })
    }
  }

  #failed(why: SwitchFailure): void {
    this.#over()
    this.transport.abortConnection()
    this.#setup.events.failed(why)
  }

  #over(): void {
    this.#state = { is: 'over' }
    this.#deadline?.clear()
  }
}

/** The part of the exchange that is under way. */
type State =
  | { readonly is: 'securing' }
  | { readonly is: 'head' }
  | { readonly is: 'body'; readonly head: ResponseHead; readonly pieces: Buffer[]; bytes: number }
  | { readonly is: 'over' }
