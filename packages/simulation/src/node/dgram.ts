import { AsyncResource } from 'node:async_hooks'
import { Socket } from 'node:dgram'
import { type UDPAddress, udpAddress } from '@ropewalk/core/udp'
import type { DatagramWire } from '@ropewalk/core/reactor'
import type { SimulatedHost } from '../host/simulated-host.ts'
import { nodeHost, replaceMethod } from './node-hosts.ts'
import { nameOf } from './stream-handle.ts'
import { codeOf, statusOf } from './system-error.ts'

/**
 * Gives UDP sockets of hosts a handle of the simulated network, at the first call that uses the network.
 *
 * @param owner The property of a handle that has its socket.
 */
export function standInForDatagrams(owner: symbol): void {
  for (const method of FIRST)
    replaceMethod(
      Socket.prototype,
      method,
      (real) =>
        function (this: Socket, ...args) {
          const host = nodeHost()
          if (host !== undefined) useSimulatedHandle(this, host, owner)
          return Reflect.apply(real, this, args)
        },
    )
}

function useSimulatedHandle(socket: Socket, host: SimulatedHost, owner: symbol): void {
  const name = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol')
  const state = name && (Reflect.get(socket, name) as { handle: NativeHandle | null })
  if (state === undefined || state.handle === null || state.handle instanceof DatagramHandle) return
  const native = state.handle
  const handle = new DatagramHandle(host, Reflect.get(socket, 'type') === 'udp6' ? 6 : 4, native.lookup)
  Reflect.set(handle, owner, socket)
  native.close()
  state.handle = handle
}

interface NativeHandle {
  readonly lookup: unknown
  close(): void
}

/** The handle of a `dgram.Socket`, in the place of libuv's. Its methods return 0, or the status of an error. */
class DatagramHandle {
  readonly lookup: unknown
  /** Node's callback for datagrams, and for errors as a negative `size`. */
  onmessage: ((size: number, handle: object, data?: Buffer, from?: object) => void) | undefined
  readonly #host: SimulatedHost
  readonly #family: 4 | 6
  #wire: DatagramWire | undefined
  #boundTo = ''
  #peer: UDPAddress | undefined
  #isReceiving = false

  constructor(host: SimulatedHost, family: 4 | 6, lookup: unknown) {
    this.#host = host
    this.#family = family
    this.lookup = lookup
  }

  bind(address: string, port: number, flags: number): number {
    return this.#try(() => {
      if (this.#host.isDown) return
      const wire = this.#host.reactor.bindDatagramWire({
        address: udpAddress(address, port),
        reuseAddress: (flags & REUSE_ADDRESS) !== 0,
        ipv6Only: (flags & IPV6_ONLY) !== 0,
      })
      this.#wire = wire
      this.#boundTo = address
      wire.attach({
        received: AsyncResource.bind((data: Buffer, from: UDPAddress) => {
          if (this.#isReceiving) this.onmessage?.(data.length, this, data, nameOf(from.host, from.port))
        }),
        failed: AsyncResource.bind((error: Error) => {
          if (this.#isReceiving) this.onmessage?.(statusOf(codeOf(error, 'ECONNREFUSED')), this)
        }),
      })
    })
  }

  connect(address: string, port: number): number {
    return this.#try(() => (this.#peer = this.#wire?.connect(udpAddress(address, port))))
  }

  disconnect(): number {
    return statusOf('ENOTSUP')
  }

  /** @returns the number of bytes and one, because the datagram leaves at once. */
  send(
    _request: object,
    parts: readonly Uint8Array[],
    _count: number,
    port: unknown,
    address: string,
  ): number {
    const data = Buffer.concat(parts)
    const to = typeof port === 'number' ? udpAddress(address, port) : this.#peer
    if (data.length > MAX_DATAGRAM_BYTES) return statusOf('EMSGSIZE')
    if (to !== undefined) this.#wire?.send(data, to)
    return data.length + 1
  }

  recvStart(): number {
    this.#isReceiving = true
    return 0
  }

  recvStop(): number {
    this.#isReceiving = false
    return 0
  }

  close(): void {
    this.#isReceiving = false
    void this.#wire?.close()
    this.#wire = undefined
  }

  getsockname(found: object): number {
    return this.#name(found, this.#wire && udpAddress(this.#boundTo, this.#wire.address.port))
  }

  getpeername(found: object): number {
    return this.#name(found, this.#peer)
  }

  addMembership(group: string, via?: string): number {
    return this.#try(() => this.#wire?.joinGroup(group, via))
  }

  dropMembership(group: string, via?: string): number {
    return this.#try(() => this.#wire?.leaveGroup(group, via))
  }

  /** Memberships for one source are not simulated. */
  addSourceSpecificMembership(): number {
    return statusOf('ENOTSUP')
  }

  dropSourceSpecificMembership(): number {
    return statusOf('ENOTSUP')
  }

  setBroadcast(allowed: number): number {
    return this.#try(() => this.#wire?.setBroadcastAllowed(allowed !== 0))
  }

  setTTL(hops: number): number {
    return this.#try(() => this.#wire?.setTTL(hops))
  }

  setMulticastTTL(hops: number): number {
    return this.#try(() => this.#wire?.setMulticastTTL(hops))
  }

  setMulticastLoopback(enabled: number): number {
    return this.#try(() => this.#wire?.setLoopbackMode(enabled !== 0))
  }

  setMulticastInterface(address: string): number {
    return this.#try(() => this.#wire?.setOutgoingInterface(address))
  }

  bufferSize(bytes: number): number {
    return bytes === 0 ? LINUX_BUFFER_BYTES : bytes
  }

  getSendQueueSize(): number {
    return 0
  }

  getSendQueueCount(): number {
    return 0
  }

  ref(): void {}

  unref(): void {}

  hasRef(): boolean {
    return true
  }

  /** Before `bind`, a system has no socket to give the address of. */
  #name(found: object, address: UDPAddress | undefined): number {
    if (address === undefined) return statusOf(this.#wire === undefined ? 'EBADF' : 'ENOTCONN')
    Object.assign(found, nameOf(address.host, address.port), { family: `IPv${this.#family}` })
    return 0
  }

  #try(call: () => unknown): number {
    try {
      call()
      return 0
    } catch (error) {
      return statusOf(codeOf(error, 'EINVAL'))
    }
  }
}

/** The methods that may be the first to use the network. */
const FIRST = [
  'bind',
  'connect',
  'send',
  'addMembership',
  'addSourceSpecificMembership',
  'dropSourceSpecificMembership',
] as const
/** Flags of libuv. */
const IPV6_ONLY = 1
const REUSE_ADDRESS = 4
const MAX_DATAGRAM_BYTES = 65_507
const LINUX_BUFFER_BYTES = 212_992
