import type { DatagramHarness } from '../../src/checks.ts'
import { createReactor } from '../../src/index.ts'
import type { LogEvent } from '../../src/log.ts'
import type { DatagramTransport } from '../../src/udp.ts'
import { quiet, until } from './socket-harness.ts'

/** A harness over real UDP sockets, with its clean-up. */
export interface SocketDatagramHarness extends DatagramHarness {
  closeAll(): Promise<void>
}

/** UDP ports on the loopback interface. */
export function socketDatagramHarness(): SocketDatagramHarness {
  const logged: LogEvent[] = []
  const reactor = createReactor({ log: (event) => logged.push(event) })
  const ports: DatagramTransport[] = []
  return {
    logged,
    until,
    quiet,
    listen: async (port, protocol, options) => {
      const opened = await reactor.listenMulticast(port, protocol, { interface: '127.0.0.1', ...options })
      ports.push(opened)
      return opened
    },
    closeAll: async () => {
      await Promise.all(ports.map((port) => port.stopListening()))
    },
  }
}
