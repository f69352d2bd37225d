import { Link } from '../../src/network/link.ts'
import type { LinkConditions } from '../../src/network/network-rules.ts'
import { NetworkStats } from '../../src/network/network-stats.ts'
import { nameOf, type Segment } from '../../src/network/segment.ts'
import { type ConnectionSystem, TCPConnection, type TCPUser } from '../../src/network/tcp-connection.ts'
import type { FlowLimits } from '../../src/network/tcp-sender.ts'
import { Random } from '../../src/random.ts'
import { EventQueue } from '../../src/time/event-queue.ts'
import { MachineTime } from '../../src/time/machine-time.ts'
import { Trace } from '../../src/trace.ts'

/** The limits of both ends, unless a test sets others. */
const LIMITS: FlowLimits = {
  sendBufferBytes: 1000,
  receiveBufferBytes: 3000,
  segmentBytes: 1460,
  giveUpMs: 10_000,
  cuts: 'anywhere',
}

/** Conditions and limits of two ends. */
export interface EndsOptions {
  readonly seed?: string
  readonly link?: Partial<LinkConditions>
  readonly limits?: Partial<FlowLimits>
}

/** The two ends of one TCP connection, and the links between them. */
export class TwoEnds {
  readonly events: EventQueue = new EventQueue()
  readonly trace: Trace = new Trace(() => this.events.nowMs)
  readonly client: End
  readonly server: End
  readonly forth: Link
  readonly back: Link

  constructor({ seed = '1', link = {}, limits = {} }: EndsOptions = {}) {
    const conditions = {
      latencyMs: [1, 9] as const,
      lossPerMille: 0,
      duplicatesPerMille: 0,
      bytesPerSecond: Infinity,
      ...link,
    }
    const make = (from: string, to: string): Link =>
      new Link({
        from,
        to,
        events: this.events,
        random: new Random(seed + from),
        trace: this.trace,
        stats: new NetworkStats(),
        isSilent: () => false,
        conditions,
      })
    this.forth = make('client', 'server')
    this.back = make('back', 'client')
    const random = new Random(seed)
    const setup = { events: this.events, random, limits: { ...LIMITS, ...limits } }
    this.server = new End({ ...setup, link: this.back, peer: () => this.client })
    this.client = new End({ ...setup, link: this.forth, peer: () => this.server })
  }

  /** Opens the connection from the client. */
  open(): void {
    this.client.connect()
  }

  /** Lets everything happen that is scheduled, at most until `untilMs`. */
  pass(untilMs: number = Infinity): void {
    while (this.events.nextMs <= untilMs && this.events.step());
    if (untilMs < Infinity) this.events.moveTo(untilMs)
  }

  /** Opens the connection, and waits for the handshake. */
  static opened(options: EndsOptions = {}): TwoEnds {
    const ends = new TwoEnds(options)
    ends.open()
    ends.pass()
    return ends
  }
}

interface EndSetup {
  readonly events: EventQueue
  readonly random: Random
  readonly limits: FlowLimits
  readonly link: Link
  readonly peer: () => End
}

/** One end, whose program reads at once while `reads` is true. */
export class End implements ConnectionSystem, TCPUser {
  readonly time: MachineTime
  readonly limits: FlowLimits
  readonly stats: NetworkStats = new NetworkStats()
  readonly notifications: string[] = []
  readonly pieces: Buffer[] = []
  /** Every segment that this end sent. */
  readonly sent: Segment[] = []
  unreadBytes = 0
  reads = true
  readonly #setup: EndSetup
  #connection: TCPConnection | undefined

  constructor(setup: EndSetup) {
    this.#setup = setup
    this.limits = setup.limits
    this.time = new MachineTime(setup.events)
  }

  /** @throws {Error} when it has none. */
  get connection(): TCPConnection {
    if (this.#connection === undefined) throw new Error('This end has no connection')
    return this.#connection
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces)
  }

  connect(syn?: Segment): void {
    const { random } = this.#setup
    const [local, remote] = syn === undefined ? [ONE, OTHER] : [syn.to, syn.from]
    this.#connection = new TCPConnection({ system: this, random, local, remote, user: this }, syn)
    this.#connection.open()
  }

  /** The program reads everything that has arrived. */
  readAll(): void {
    this.unreadBytes = 0
    this.connection.hasRead()
  }

  transmit(segment: Segment): void {
    this.sent.push(segment)
    const { link, peer } = this.#setup
    const arrived = (): void => peer().receive(segment)
    link.carry({ what: nameOf(segment), bytes: 40, arrived })
  }

  receive(segment: Segment): void {
    if (this.#connection !== undefined) this.#connection.receive(segment)
    else if (segment.kind === 'SYN') this.connect(segment)
  }

  delivered(): void {}

  forget(): void {
    this.notifications.push('forgotten')
  }

  forgetLater(): void {
    this.notifications.push('old')
  }

  established(): void {
    this.notifications.push('established')
  }

  arrived(data: Buffer): void {
    this.pieces.push(data)
    this.unreadBytes += data.length
    if (this.reads) this.readAll()
  }

  ended(): void {
    this.notifications.push('ended')
  }

  writable(): void {
    this.notifications.push('writable')
  }

  broken(code: string): void {
    this.notifications.push(code)
  }
}

const ONE = { host: '10.0.0.1', port: 50_000 }
const OTHER = { host: '10.0.0.2', port: 7 }
