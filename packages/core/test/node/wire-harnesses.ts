import { createServer, connect, type Server, type Socket } from 'node:net'
import { Readable, Writable } from 'node:stream'
import type { WireCapability, WireEnd, WireHarness } from '../../src/checks.ts'
import { DeadlineWheel, type SecureWire, type Wire, type WireEvents } from '../../src/reactor.ts'
import { Clock } from '../../src/testing.ts'
import { ClientTLS, ServerTLS, type TLSContext } from '../../src/tls.ts'
import { SocketWire } from '../../src/node/socket-wire.ts'
import { StreamWire, type WireStreams } from '../../src/node/stream-wire.ts'
import * as certificates from '../tls/certificates.ts'
import { pipe } from './pipe-harness.ts'
import { quiet, socketPath, until } from './socket-harness.ts'

/** A harness of real wires, with its clean-up. */
export interface SystemWireHarness extends WireHarness {
  /** Aborts every wire that was made. */
  abortAll(): void
}

/** Wires over TCP on the loopback interface. */
export function tcpWires(): SystemWireHarness {
  return harnessOf(['reset', 'backpressure', 'early end', 'late attach'], async ({ time }) => {
    const [here, there] = await sockets({ port: 0, host: '127.0.0.1' })
    return [endOf(new SocketWire(here, time)), endOf(new SocketWire(there, time))]
  })
}

/** Wires over a UNIX socket in a new directory. */
export function unixWires(): SystemWireHarness {
  return harnessOf(['backpressure', 'early end', 'late attach'], async ({ time }) => {
    const [here, there] = await sockets({ path: socketPath() })
    return [endOf(new SocketWire(here, time)), endOf(new SocketWire(there, time))]
  })
}

/** Wires over two system pipes, one for each direction. */
export function pipeWires(): SystemWireHarness {
  return harnessOf(['backpressure', 'early end', 'late attach'], async () => {
    const [forth, back] = [pipe(), pipe()]
    return [
      streamEnd({ readable: back.readable, writable: forth.writable }),
      streamEnd({ readable: forth.readable, writable: back.writable }),
    ]
  })
}

/** Wires over streams that notice their end only by reading. */
export function streamWires(): SystemWireHarness {
  return harnessOf(['backpressure', 'late attach'], async () => {
    const [forth, back] = [connectedStreams(), connectedStreams()]
    return [
      streamEnd({ readable: back.readable, writable: forth.writable }),
      streamEnd({ readable: forth.readable, writable: back.writable }),
    ]
  })
}

/** Wires with TLS over other wires, after the handshake. */
export function tlsWiresOver(under: WireHarness, capabilities: readonly WireCapability[]): SystemWireHarness {
  const harness = harnessOf(capabilities, async () => {
    const pair = await under.connect()
    const server = new SecureEnd(pair.here, new ServerTLS(certificates.server))
    const client = new SecureEnd(
      pair.there,
      new ClientTLS({ trustRoots: [certificates.root], serverName: 'localhost' }),
    )
    const secured = (): boolean => server.secured && client.secured
    await until(() => {
      void under.quiet()
      return secured()
    })
    return [server, client]
  })
  return {
    ...harness,
    until: (condition) =>
      until(() => {
        void under.quiet()
        return condition()
      }),
    quiet: async () => {
      await quiet()
      await under.quiet()
      await quiet()
      await under.quiet()
    },
    advance: (ms) => under.advance(ms),
  }
}

interface Making {
  readonly time: { readonly deadlines: DeadlineWheel }
}

function harnessOf(
  capabilities: readonly WireCapability[],
  make: (making: Making) => Promise<[WireEnd, WireEnd]>,
): SystemWireHarness {
  const clock = new Clock()
  const made: Wire[] = []
  return {
    capabilities: new Set(capabilities),
    until,
    quiet,
    advance: (ms) => clock.advance(ms),
    connect: async () => {
      const [here, there] = await make({ time: { deadlines: new DeadlineWheel(clock) } })
      made.push(here.wire, there.wire)
      return { here, there }
    },
    abortAll: () => {
      for (const wire of made.splice(0)) wire.abort()
    },
  }
}

function endOf(wire: SocketWire | StreamWire): WireEnd {
  return { wire, attach: (events) => wire.attach(events) }
}

function streamEnd(streams: WireStreams): WireEnd {
  return endOf(new StreamWire(streams))
}

/** Bytes written to one are read from the other. Unlike a PassThrough, each can be destroyed alone. */
function connectedStreams(): { readonly readable: Readable; readonly writable: Writable } {
  let taken: (() => void) | undefined
  const readable = new Readable({
    read: () => {
      taken?.()
      taken = undefined
    },
  })
  const writable = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (readable.push(chunk)) return done()
      taken = done
    },
    final: (done) => {
      readable.push(null)
      done()
    },
  })
  return { readable, writable }
}

/** Both ends of a connection that can be half-closed. */
async function sockets(
  where: { readonly port: number; readonly host: string } | { readonly path: string },
): Promise<[Socket, Socket]> {
  const server: Server = createServer({ allowHalfOpen: true })
  await new Promise<void>((resolve) => server.listen(where, resolve))
  const address = server.address()
  const to = typeof address === 'string' ? { path: address } : { port: address?.port ?? 0, host: '127.0.0.1' }
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const dialled = connect({ ...to, allowHalfOpen: true })
  await new Promise<void>((resolve) => dialled.once('connect', resolve))
  const socket = await accepted
  server.close()
  return [socket, dialled]
}

/** One side of TLS over a wire. */
class SecureEnd implements WireEnd {
  readonly wire: SecureWire
  secured = false
  #events: WireEvents | undefined

  constructor(under: WireEnd, context: TLSContext) {
    this.wire = context.secure(
      { wire: under.wire, unsent: [], busy: false },
      {
        wireSecured: () => (this.secured = true),
        wireData: (data) => this.#events?.wireData(data),
        wireEnded: () => this.#events?.wireEnded(),
        wireWritable: () => this.#events?.wireWritable(),
        wireClosed: (error) => this.#events?.wireClosed(error),
      },
    )
    under.attach(this.wire)
  }

  attach(events: WireEvents): void {
    this.#events = events
  }
}
