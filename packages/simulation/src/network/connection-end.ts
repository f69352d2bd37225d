import type { Wire, WireEvents } from '@ropewalk/core/reactor'
import type { EndSystem, NamedEnd } from './host-kernel.ts'
import type { Flow } from './flow.ts'

/** One end of a simulated connection, as its program and its system see it. */
export class ConnectionEnd implements Wire, NamedEnd {
  readonly name: string
  /** The host of the other end. */
  readonly peerHost: string
  readonly #system: EndSystem
  #outgoing: Flow | undefined
  #incoming: Flow | undefined
  #events: WireEvents | undefined
  readonly #unread: Buffer[] = []
  #reading = true
  #scheduled = false
  #ownEnd = false
  #peerEnd: 'ahead' | 'arrived' | 'told' = 'ahead'
  #stage: 'open' | 'closing' | 'gone' = 'open'
  /** Why it closed, where that was no end. */
  #error: Error | undefined

  constructor(name: string, peerHost: string, system: EndSystem) {
    this.name = name
    this.peerHost = peerHost
    this.#system = system
  }

  /** Whether its system still knows it. */
  get isOpen(): boolean {
    return this.#stage === 'open'
  }

  /** Says which way its bytes go, and those of its peer come. */
  connect(outgoing: Flow, incoming: Flow): void {
    this.#outgoing = outgoing
    this.#incoming = incoming
  }

  /** What came before is read in a later turn: who attaches is not ready for it yet. */
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

  /** As systems do: closing over unread bytes is a reset. What was written is still sent. */
  close(): void {
    if (this.#stage !== 'open') return
    if (this.#unread.length > 0) return this.abort()
    this.#outgoing?.finish()
    this.#close(undefined)
  }

  pause(): void {
    this.#reading = false
  }

  /** What has come meanwhile is read in a later turn, as with sockets. */
  resume(): void {
    this.#reading = true
    this.#system.executeSoon(() => this.#schedule())
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  /** How the other end learns of a reset. */
  #notifyReset: () => void = () => undefined

  /** Says how the other end learns of a reset. */
  onReset(notify: () => void): void {
    this.#notifyReset = notify
  }

  /** Bytes came in. */
  arrived(data: Buffer): void {
    this.#unread.push(data)
    this.#schedule()
  }

  /** The peer's end came in. */
  ended(): void {
    if (this.#peerEnd === 'ahead') this.#peerEnd = 'arrived'
    this.#schedule()
  }

  /** The system has taken what was written. */
  taken(): void {
    // Its program may stand still, and close before it is notified.
    this.#system.execute(() => {
      if (this.#stage === 'open') this.#events?.wireWritable()
    })
  }

  /** The connection is broken. */
  broken(code: string): void {
    if (this.#stage !== 'open') return
    this.#outgoing?.stop()
    this.#unread.length = 0
    this.#close(Object.assign(new Error(`read ${code}`), { code }))
  }

  /** The host has crashed: nobody hears of anything. */
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
    // As with sockets: only unread bytes keep the end back, a pause alone does not.
    if (this.#stage !== 'open' || this.#unread.length > 0 || this.#peerEnd !== 'arrived') return
    this.#peerEnd = 'told'
    events.wireEnded()
    this.#closeIfOver()
  }

  #closeIfOver(): void {
    if (this.#ownEnd && this.#peerEnd === 'told' && this.#stage === 'open') this.#close(undefined)
  }

  #close(error: Error | undefined): void {
    this.#stage = 'closing'
    this.#error = error
    this.#system.executeSoon(() => this.#notifyClosed())
  }

  /** Once somebody is there to be told: it may break before a program has accepted it. */
  #notifyClosed(): void {
    const events = this.#events
    if (this.#stage !== 'closing' || events === undefined) return
    this.#stage = 'gone'
    this.#system.released(this)
    events.wireClosed(this.#error)
  }
}
