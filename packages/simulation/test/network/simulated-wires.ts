import { tcpAddress } from '@ropewalk/core'
import type { WireEnd, WireHarness } from '@ropewalk/core/checks'
import { Simulation } from '../../src/index.ts'
import { SimulatedWire } from '../../src/network/simulated-wire.ts'
import { StreamDial } from '../../src/network/stream-dial.ts'
import type { HostKernel } from '../../src/network/host-kernel.ts'

/** The wires at both ends of connections between simulated hosts. */
export function simulatedWires(): WireHarness {
  const sim = new Simulation({
    seed: 1,
    link: { latencyMs: [0.1, 0.5], bytesPerSecond: Infinity },
    // Segmentation is tested elsewhere; large segments make the megabytes of the checks cheap.
    limits: { cuts: 'none', segmentBytes: 32_768 },
  })
  const idle = (): undefined => undefined
  const hosts = { server: sim.host('server', idle), client: sim.host('client', idle) }
  let port = 1000
  const until = async (condition: () => boolean): Promise<void> => {
    for (let rounds = 0; !condition(); rounds++) {
      if (rounds > MAX_ROUNDS) throw new Error(`The condition never held: ${String(condition)}`)
      await sim.run(1)
    }
  }
  return {
    capabilities: new Set(['reset', 'backpressure', 'early end', 'late attach']),
    until,
    quiet: () => sim.run(300),
    advance: () => undefined,
    connect: async () => {
      await sim.run(1)
      let here: WireEnd | undefined
      let there: WireEnd | undefined
      listen(lifeOf(hosts.server), ++port, (end) => (here = end))
      const address = tcpAddress(hosts.server.address, port)
      const events = {
        connected: (end: WireEnd) => void (there = end),
        failed: (reason: Error) => {
          throw reason
        },
      }
      void new StreamDial(lifeOf(hosts.client), address, events, undefined)
      await until(() => here !== undefined && there !== undefined)
      if (here === undefined || there === undefined) throw new Error('The hosts are not connected')
      return { here, there }
    },
  }
}

function lifeOf({ life }: { readonly life: HostKernel | undefined }): HostKernel {
  if (life === undefined) throw new Error('The host is down')
  return life
}

/** Listens, and passes each accepted connection to `opened`, with nothing attached. */
function listen(system: HostKernel, port: number, opened: (end: WireEnd) => void): void {
  system.bindPort({
    endpoint: { host: '::', port },
    ipv6Only: false,
    hasCapacity: true,
    opening: (_syn, peerHost) => {
      const wire: SimulatedWire = new SimulatedWire(peerHost, system, {
        established: () => {
          system.takeDescriptor()
          opened({ wire, attach: (events) => wire.attach(events) })
        },
        failed: () => undefined,
      })
      return wire
    },
  })
}

const MAX_ROUNDS = 20_000
