import type { Wire, WireEvents } from '@ropewalk/core/reactor'
import type { EndSystem, NamedEnd } from './host-kernel.ts'
import type { Flow } from './flow.ts'

/** One end of a simulated TCP connection. To its program, it is a wire. */
export class SimulatedWire implements Wire, NamedEnd {
  readonly name: string
  /** The name of the host at the other end. */
  readonly peerHost: string
  readonly #system: EndSystem
  #outgoing: Flow | undefined
  #incoming: Flow | undefined
  #events: WireEvents | undefined
  readonly #unread: Buffer[] = []
  #reading = true
  #scheduled = false
  #ownEnd = false
  #peerEnd: 'ahead' | 'arrived' | 'notified' = 'ahead'
  #stage: 'open' | 'closing' | 'gone' = 'open'
  /** The error with which the connection broke; undefined after a clean close. */
  #error: Error | undefined

  constructor(name: string, peerHost: string, system: EndSystem) {
    this.name = name
    this.peerHost = peerHost
    this.#system = system
  }

  /** Whether its operating system still knows the connection. */
  get isOpen(): boolean {
    return this.#stage === 'open'
  }

  /** Sets the flow that carries its own bytes and the one that carries those of its peer. */
  connect(outgoing: Flow, incoming: Flow): void {
    this.#outgoing = outgoing
    this.#incoming = incoming
  }

  /** Bytes received before are delivered in a later turn, because the caller is not ready for them yet. */
  attach(events: WireEvents): void {
    this.#events = events
    this.#system.executeSoon(() => (this.#stage === 'open' ? this.#schedule() : this.#notifyClosed()))
  }

  write(parts: readonly (Buffer | string)[]): boolean {
    if (this.#stage !== 'open' || this.#ownEnd) return true
    return this.#outgoing?.write(parts) ?? true
  }

  end(): void {
    if (this.#stage !== 'open' || this.#ownEnd) return
    this.#ownEnd = true
    this.#outgoing?.finish()
    this.#closeIfOver()
  }

  abort(): void {
    if (this.#stage !== 'open') return
    this.#outgoing?.reset(this.#notifyReset)
    this.#close(undefined)
  }

  /** As in a real TCP stack, a close with unread bytes is a reset. Otherwise written bytes are still sent. */
  close(): void {
    if (this.#stage !== 'open') return
    if (this.#unread.length > 0) return this.abort()
    this.#outgoing?.finish()
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

  setNoDelay(): void {}

  setKeepAlive(): void {}

  #notifyReset: () => void = () => undefined

  /** Sets the callback that is called when a reset from this end arrives at the other end. */
  onReset(resetArrived: () => void): void {
    this.#notifyReset = resetArrived
  }

  /** Its host received bytes, in order. */
  arrived(data: Buffer): void {
    this.#unread.push(data)
    this.#schedule()
  }

  /** Its host received the peer's FIN. */
  ended(): void {
    if (this.#peerEnd === 'ahead') this.#peerEnd = 'arrived'
    this.#schedule()
  }

  /** The send buffer has room again. */
  taken(): void {
    // While the program is paused, the call waits, and the connection may be closed meanwhile.
    this.#system.execute(() => {
      if (this.#stage === 'open') this.#events?.wireWritable()
    })
  }

  /** Closes this end with an error of the given code. Bytes not yet sent or read are lost. */
  broken(code: string): void {
    if (this.#stage !== 'open') return
    this.#outgoing?.stop()
    this.#unread.length = 0
    this.#close(Object.assign(new Error(`read ${code}`), { code }))
  }

  /** The host has crashed: the end is gone, and nothing is called any more. */
  vanish(): void {
    this.#stage = 'gone'
    this.#outgoing?.stop()
    this.#events = undefined
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
      this.#incoming?.read(data.length)
      events.wireData(data)
      if (this.#system.readsSlowly && this.#unread.length > 0) return this.#schedule()
    }
    // As with sockets: unread bytes delay the notification of the peer's FIN, a pause alone does not.
    if (this.#stage !== 'open' || this.#unread.length > 0 || this.#peerEnd !== 'arrived') return
    this.#peerEnd = 'notified'
    events.wireEnded()
    this.#closeIfOver()
  }

  #closeIfOver(): void {
    if (this.#ownEnd && this.#peerEnd === 'notified' && this.#stage === 'open') this.#close(undefined)
  }

  #close(error: Error | undefined): void {
    this.#stage = 'closing'
    this.#error = error
    this.#system.executeSoon(() => this.#notifyClosed())
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
