import { type Address, ConnectError, ConnectionRefusedError, formatAddress, tcpAddress } from '@ropewalk/core'
import type { ConnectedWire, DialEvents, ConnectAttempt } from '@ropewalk/core/reactor'
import type { ListenPort, HostKernel } from './host-kernel.ts'
import { SimulatedWire } from './simulated-wire.ts'
import { Flow, type FlowEnds } from './flow.ts'
import type { Link } from './link.ts'

/** One attempt to connect, with the handshake of TCP. */
export class StreamDial implements ConnectAttempt {
  readonly #life: HostKernel
  readonly #address: Address
  readonly #events: DialEvents
  #wanted = true
  /** Set when the SYN has arrived at a listening port. */
  #server: { readonly end: SimulatedWire; readonly life: HostKernel; readonly port: ListenPort } | undefined
  #tries = 0

  constructor(life: HostKernel, address: Address, events: DialEvents) {
    this.#life = life
    this.#address = address
    this.#events = events
    if (life.takeDescriptor()) void this.#begin()
    else this.#failSoon(new ConnectError(address, 'too many descriptors are open', emfile()))
  }

  cancel(): void {
    if (!this.#wanted) return
    this.#wanted = false
    this.#life.freeDescriptor()
    this.#abandon()
  }

  async #begin(): Promise<void> {
    try {
      this.#sendSyn(await this.#resolve())
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Resolves with the numeric address to connect to. */
  async #resolve(): Promise<string> {
    if (this.#address.type === 'UNIX') return this.#life.host.address
    const [first = ''] = await this.#life.lookup(this.#address.host)
    return first === '127.0.0.1' || first === '::1' ? this.#life.host.address : first
  }

  #sendSyn(to: string): void {
    if (!this.#wanted) return
    const { network } = this.#life
    const target = network.stationAt(to)
    // No host has this address, so there is never a reply, and the connector's deadline ends the attempt.
    if (target === undefined) return
    const [forth, back] = network.between(this.#life.host, target)
    const again = (): void => this.#retry(() => this.#sendSyn(to))
    const arrived = (): void => {
      const { life } = target
      if (life === undefined) return
      const port = life.portAt(this.#address)
      if (port === undefined) return this.#refuse(back)
      if (!port.hasCapacity) return again()
      this.#accept(life, port, forth, back)
    }
    forth.carry({ what: 'SYN', bytes: PACKET_BYTES, arrived, lost: again })
  }

  #refuse(back: Link): void {
    const arrived = (): void =>
      this.#fail(new ConnectionRefusedError(this.#address, 'no program listens there (ECONNREFUSED)'))
    back.carry({ what: 'RST', bytes: PACKET_BYTES, arrived, lost: () => undefined })
  }

  #accept(life: HostKernel, port: ListenPort, forth: Link, back: Link): void {
    if (this.#server !== undefined) return
    const number = life.network.setup.random.between(1, 2 ** 30)
    const end = new SimulatedWire(`${life.host.name}#${number}`, this.#life.host.name, life)
    this.#server = { end, life, port }
    port.opening()
    const arrived = (): void => this.#established(forth, back)
    const lost = (): void =>
      this.#retry(() => back.carry({ what: 'SYN-ACK', bytes: PACKET_BYTES, arrived, lost }))
    back.carry({ what: 'SYN-ACK', bytes: PACKET_BYTES, arrived, lost })
  }

  #established(forth: Link, back: Link): void {
    const server = this.#server
    if (!this.#wanted || server === undefined) return
    this.#wanted = false
    const life = this.#life
    const client = new SimulatedWire(`${life.host.name}:${life.nextPort()}`, server.life.host.name, life)
    connect({ end: client, life }, server, forth, back)
    const [own, peer] = this.#addresses(server.life)
    server.port.opened(wireOf(server.end, peer, own))
    life.endOpened(client)
    life.network.setup.trace.note(life.host.name, `connected to ${formatAddress(peer)}`)
    life.execute(() => this.#events.connected(wireOf(client, own, peer)))
  }

  #addresses(server: HostKernel): readonly [Address, Address] {
    const address = this.#address
    if (address.type === 'UNIX') return [address, address]
    return [
      tcpAddress(this.#life.host.address, this.#life.lastPort),
      tcpAddress(server.host.address, address.port),
    ]
  }

  #retry(again: () => void): void {
    const { events } = this.#life.network.setup
    const delayMs = FIRST_RETRY_MS * 2 ** Math.min(this.#tries++, 6)
    events.after(delayMs, () => {
      if (this.#life.isOver) this.#abandon()
      else if (this.#wanted) again()
    })
  }

  /** Frees the place in the port's backlog. */
  #abandon(): void {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    server.port.abandoned()
  }

  #failSoon(error: Error): void {
    this.#wanted = false
    this.#life.executeSoon(() => this.#events.failed(error))
  }

  #fail(error: Error): void {
    if (!this.#wanted) return
    this.#wanted = false
    this.#life.freeDescriptor()
    this.#life.execute(() => this.#events.failed(error))
  }
}

interface Side {
  readonly end: SimulatedWire
  readonly life: HostKernel
}

function connect(client: Side, server: Side, forth: Link, back: Link): void {
  const { stats, setup } = client.life.network
  const { events, random, limits } = setup
  const flow = (name: string, [out, home]: readonly [Link, Link], ends: FlowEnds): Flow =>
    new Flow({ name, stats, events, limits, random: random.fork(name), forth: out, back: home }, ends)
  const name = `${client.end.name}>${server.life.host.name}`
  const request = flow(name, [forth, back], endsOf(client.end, server))
  const response = flow(`${name} back`, [back, forth], endsOf(server.end, client))
  stats.connections++
  client.end.connect(request, response)
  server.end.connect(response, request)
  client.end.onReset(() => server.end.broken('ECONNRESET'))
  server.end.onReset(() => client.end.broken('ECONNRESET'))
}

function endsOf(sender: SimulatedWire, receiver: Side): FlowEnds {
  return {
    taken: () => sender.taken(),
    broken: (code) => sender.broken(code),
    isKnown: () => receiver.end.isOpen && !receiver.life.isOver,
    arrived: (data) => receiver.end.arrived(data),
    ended: () => receiver.end.ended(),
  }
}

function wireOf(end: SimulatedWire, localAddress: Address, peerAddress: Address): ConnectedWire {
  return { wire: end, localAddress, peerAddress, attach: (events) => end.attach(events) }
}

function emfile(): Error {
  return Object.assign(new Error('socket EMFILE'), { code: 'EMFILE' })
}

const PACKET_BYTES = 40
const FIRST_RETRY_MS = 1000
