import type { Wire, WireEvents } from '@ropewalk/core/reactor'
import type { EndSystem, NamedEnd, OpeningEnd } from './host-kernel.ts'
import type { TCPConnection } from './tcp-connection.ts'
import { UNIX } from './tcp-stack.ts'

/** The outcome of the handshake of a connection. */
export interface Handshake {
  established(): void
  failed(code: string): void
}

/** One end of a simulated TCP connection. To its program, it is a wire. */
export class SimulatedWire implements Wire, NamedEnd, OpeningEnd {
  /** The name of the host at the other end. */
  readonly peerHost: string
  readonly #system: EndSystem
  readonly #handshake: Handshake
  #connection: TCPConnection | undefined
  #events: WireEvents | undefined
  readonly #unread: Buffer[] = []
  #unreadBytes = 0
  #reading = true
  #scheduled = false
  /** Whether bytes arrived just before, for `resetsLookLikeEnds`. */
  #hasJustArrived = false
  #ownEnd = false
  #peerEnd: 'ahead' | 'arrived' | 'notified' = 'ahead'
  #stage: 'opening' | 'open' | 'closing' | 'gone' = 'opening'
  /** The error with which the connection broke, and of which the program may not be notified yet. */
  #error: Error | undefined

  constructor(peerHost: string, system: EndSystem, handshake: Handshake) {
    this.peerHost = peerHost
    this.#system = system
    this.#handshake = handshake
  }

  get connection(): TCPConnection | undefined {
    return this.#connection
  }

  /** Whether the connection broke, or was closed. */
  get isClosed(): boolean {
    return this.#error !== undefined || this.#stage === 'closing' || this.#stage === 'gone'
  }

  get unreadBytes(): number {
    return this.#unreadBytes
  }

  /** Sets its connection in the operating system. */
  connect(connection: TCPConnection): void {
    this.#connection = connection
  }

  established(): void {
    this.#stage = 'open'
    this.#handshake.established()
  }

  /** Bytes received before are delivered in a later turn, because the caller is not ready for them yet. */
  attach(events: WireEvents): void {
    this.#events = events
    this.#system.executeSoon(() => (this.#stage === 'open' ? this.#schedule() : this.#notifyClosed()))
  }

  write(parts: readonly (Buffer | string)[]): boolean {
    if (this.#stage !== 'open' || this.#ownEnd) return true
    if (this.#error !== undefined) {
      this.#close(systemError('write', this.#peerEnd === 'ahead' ? 'ECONNRESET' : 'EPIPE'))
      return false
    }
    return this.#connection?.write(parts) ?? true
  }

  end(): void {
    if (this.#stage !== 'open' || this.#ownEnd) return
    this.#ownEnd = true
    this.#connection?.finish()
    this.#closeIfOver()
  }

  /** Only TCP has a reset. */
  abort(): void {
    if (this.#stage !== 'open') return
    if (this.#isUNIX) this.#connection?.close()
    else this.#connection?.abort()
    this.#close(undefined)
  }

  /** As in a real TCP stack, a close with unread bytes is a reset. Otherwise written bytes are still sent. */
  close(): void {
    if (this.#stage !== 'open') return
    this.#connection?.close()
    this.#close(undefined)
  }

  pause(): void {
    this.#reading = false
  }

  /** Bytes received during the pause are delivered in a later turn, as by a socket. */
  resume(): void {
    this.#reading = true
    this.#system.executeSoon(() => this.#schedule())
  }

  /** No effect: every segment is sent at once. */
  setNoDelay(): void {}

  setKeepAlive(enabled: boolean, initialDelayMs: number): void {
    if (this.#stage === 'open') this.#connection?.setKeepAlive(enabled, initialDelayMs)
  }

  arrived(data: Buffer): void {
    if (this.#stage !== 'opening' && this.#stage !== 'open') return
    // The program owns what it receives, and may change it; the sender may send the segment again.
    this.#unread.push(Buffer.from(data))
    this.#unreadBytes += data.length
    if (this.#system.resetsLookLikeEnds) this.#noteArrival()
    this.#schedule()
  }

  ended(): void {
    if (this.#peerEnd === 'ahead') this.#peerEnd = 'arrived'
    this.#schedule()
  }

  writable(): void {
    // While the program is paused, the call waits, and the connection may be closed meanwhile.
    this.#system.execute(() => {
      if (this.#stage === 'open') this.#events?.wireWritable()
    })
  }

  broken(code: string): void {
    if (this.#stage === 'opening') {
      this.#stage = 'gone'
      return this.#handshake.failed(code)
    }
    if (this.#stage !== 'open') return
    // The peer of a UNIX socket has closed it before this end wrote.
    if (this.#isUNIX && this.#peerEnd === 'notified') return this.#close(systemError('write', 'EPIPE'))
    this.#error = systemError('read', code)
    if (this.#system.resetsLookLikeEnds && (this.#hasJustArrived || this.#unreadBytes > 0))
      return this.ended()
    const isRead = this.#peerEnd !== 'notified'
    if (isRead && this.#reading && this.#events !== undefined) this.#schedule()
    else if (isRead && this.#unreadBytes < READ_AHEAD_BYTES) this.#close(this.#error)
    else if (!this.#isUNIX) this.#system.executeLater(LOOK_MS, () => this.#look())
  }

  #noteArrival(): void {
    this.#hasJustArrived = true
    this.#system.executeLater(AT_ONCE_MS, () => {
      this.#hasJustArrived = false
    })
  }

  /**
   * As the wire of a socket does, it looks now and then whether a peer that it does not read from is there. For
   * a UNIX socket, only a read or a write finds that out.
   */
  #look(): void {
    if (this.#stage === 'open') this.#close(this.#error)
  }

  get #isUNIX(): boolean {
    return this.#connection?.local.host === UNIX
  }

  #schedule(): void {
    if (this.#scheduled || this.#stage !== 'open') return
    this.#scheduled = true
    this.#system.executeRead(() => this.#read())
  }

  #read(): void {
    this.#scheduled = false
    const events = this.#events
    if (events === undefined) return
    while (this.#reading && this.#stage === 'open') {
      const data = this.#unread.shift()
      if (data === undefined) break
      this.#unreadBytes -= data.length
      events.wireData(data)
      if (this.#system.readsSlowly && this.#unread.length > 0) break
    }
    this.#connection?.hasRead()
    if (this.#stage !== 'open') return
    if (this.#unread.length > 0) {
      if (this.#reading) this.#schedule()
      return
    }
    // As with sockets: unread bytes delay the notification of the peer's FIN, a pause alone does not.
    if (this.#peerEnd !== 'arrived') {
      if (this.#error !== undefined && this.#peerEnd === 'ahead') this.#close(this.#error)
      return
    }
    this.#peerEnd = 'notified'
    if (this.#error !== undefined) this.#system.executeLater(LOOK_MS, () => this.#look())
    events.wireEnded()
    this.#closeIfOver()
  }

  #closeIfOver(): void {
    if (this.#ownEnd && this.#peerEnd === 'notified' && this.#stage === 'open') this.#close(undefined)
  }

  #close(error: Error | undefined): void {
    this.#stage = 'closing'
    this.#error = error
    this.#dropUnread()
    this.#system.executeSoon(() => this.#notifyClosed())
  }

  #dropUnread(): void {
    this.#unread.length = 0
    this.#unreadBytes = 0
  }

  /** Notifies the attached events. A connection that breaks before it is accepted waits for `attach`. */
  #notifyClosed(): void {
    const events = this.#events
    if (this.#stage !== 'closing' || events === undefined) return
    this.#stage = 'gone'
    this.#system.released(this)
    events.wireClosed(this.#error)
  }
}

function systemError(syscall: string, code: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall })
}

/** As many bytes as Node reads from a paused socket. Beyond them, it does not notice a reset. */
const READ_AHEAD_BYTES = 65_536
const LOOK_MS = 1000
/** A reset within this time after bytes is read together with them. */
const AT_ONCE_MS = 1
