import { execFileSync } from 'node:child_process'
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReactor, type Reactor, type Transport, unixAddress } from '../../src/index.ts'
import type { LogEvent } from '../../src/log.ts'
import { ReactorLifecycle } from '../../src/reactor/reactor-lifecycle.ts'
import { StreamWire } from '../../src/node/stream-wire.ts'
import type { Recorder } from '../../src/checks/transport-harness.ts'
import { openConnection } from '../../src/transport/stream-transport.ts'
import { Turn } from '../../src/transport/connection-registry.ts'
import { quiet, type SocketHarness, until } from './socket-harness.ts'

/** Connections over two system pipes, one for each direction. */
export function pipeHarness(): SocketHarness {
  const logged: LogEvent[] = []
  const reactor = createReactor({ log: (event) => logged.push(event) })
  const registry = registryOf(reactor)
  return {
    capabilities: new Set(['backpressure']),
    logged,
    reactor,
    until,
    quiet,
    advance: () => {
      throw new Error('Cannot move the time of pipes')
    },
    connect: async (server, client) => {
      const [there, back] = [pipe(), pipe()]
      return {
        server: begin(registry, server, { readable: there.readable, writable: back.writable }),
        client: begin(registry, client, { readable: back.readable, writable: there.writable }),
      }
    },
    abortAll: async () => {
      for (const transport of registry.transports) transport.abortConnection()
      await until(() => registry.transports.size === 0)
    },
  }
}

/** A registry with the log and the time of `reactor`. */
export function registryOf(reactor: Reactor): ReactorLifecycle {
  const turn = new Turn(() => void setImmediate(() => turn.end()))
  return new ReactorLifecycle({ reactor, turn, started: () => undefined, stopped: () => undefined })
}

function begin(
  registry: ReactorLifecycle,
  protocol: Recorder,
  streams: { readonly readable: Socket; readonly writable: Socket },
): Transport {
  const wire = new StreamWire(streams)
  const nowhere = unixAddress('')
  const connection = openConnection({ registry, wire, localAddress: nowhere, peerAddress: nowhere })
  wire.attach(connection)
  void connection.begin(protocol)
  return connection.transport
}

/** A pipe that is unlinked as soon as both of its ends are open. */
export function pipe(): { readonly readable: Socket; readonly writable: Socket } {
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writing = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  rmSync(folder, { recursive: true })
  return {
    readable: new Socket({ fd: reading, readable: true, writable: false }),
    writable: new Socket({ fd: writing, readable: false, writable: true }),
  }
}
