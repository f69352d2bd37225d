import type { DatagramTransport } from '../../interfaces/datagram.ts'
import { CannotListenError, LocalProtocolError, NotConnectedError } from '../../errors.ts'
import type { DatagramCheck } from '../datagram-harness.ts'
import { equal, holds, isExactly, throws } from './assertions.ts'
import { DatagramRecorder } from './datagram-recorder.ts'
import { Gate } from './gate.ts'

/** What a UDP port promises about its beginning and its end. */
export const datagramPortChecks: readonly DatagramCheck[] = [
  {
    name: 'starts its protocol once, bound and with its transport',
    run: async ({ listen }) => {
      const ports: number[] = []
      class Starting extends DatagramRecorder {
        override startProtocol(): void {
          ports.push(this.transport.getHost().port)
        }
      }
      const protocol = new Starting()
      const port = await listen(0, protocol)
      equal(ports, [port.getHost().port], 'the ports it started on')
      holds(port.getHost().port > 0 && port.listening, 'it listens on a real port')
      holds(protocol.transport === port && port.protocol === protocol, 'they know each other')
    },
  },
  {
    name: 'is ready when the promise of its protocol’s start has settled, and receives before',
    run: async ({ listen, until }) => {
      const gate = new Gate()
      const slow = Object.assign(new DatagramRecorder(), { startProtocol: () => gate.opened })
      let ready = false
      const opening = listen(0, slow).then(() => (ready = true))
      await until(() => started(slow))
      const other = await listen(0, new DatagramRecorder())
      other.write('early', slow.transport.getHost())
      await until(() => slow.texts.length === 1)
      equal(ready, false, 'readiness')
      gate.open()
      await opening
    },
  },
  {
    name: 'stops its protocol once, and lets go of its address',
    run: async ({ listen }) => {
      const protocol = new DatagramRecorder()
      const port = await listen(0, protocol)
      const closing = [port.stopListening(), port.stopListening(), port[Symbol.asyncDispose]()]
      equal(port.listening, false, 'whether it listens')
      await Promise.all(closing)
      equal(protocol.stops, 1, 'how often it was stopped')
      const again = await listen(port.getHost().port, protocol)
      equal([protocol.starts, again.getHost().port], [2, port.getHost().port], 'starts, and the port')
    },
  },
  {
    name: 'drops and counts what is written after its end, and can be changed no more',
    run: async ({ listen, logged }) => {
      const port = await listen(0, new DatagramRecorder())
      await port.stopListening()
      equal([port.write('x', port.getHost()), port.write('y', port.getHost())], [false, false], 'the writes')
      equal(port.drops.late, 2, 'what was dropped')
      for (const change of CHANGES) throws(() => change(port), NotConnectedError, String(change))
      equal(logged.length, 0, 'events logged')
    },
  },
  {
    name: 'delivers nothing more once it is told to stop',
    run: async ({ listen, until, quiet }) => {
      class Brief extends DatagramRecorder {
        override datagramReceived(data: Buffer): void {
          this.datagrams.push(data)
          void this.transport.stopListening()
        }
      }
      const [brief, client] = [new Brief(), await listen(0, new DatagramRecorder())]
      const { host, port } = (await listen(0, brief)).getHost()
      for (const text of ['first', 'second', 'third']) client.write(text, { host, port })
      await until(() => brief.stops === 1)
      await quiet()
      equal(brief.texts, ['first'], 'what came')
    },
  },
  {
    name: 'rejects when another has its address',
    run: async ({ listen }) => {
      const port = await listen(0, new DatagramRecorder())
      const error = await rejection(listen(port.getHost().port, new DatagramRecorder()))
      isExactly(error, CannotListenError, 'the error')
      equal((error as CannotListenError).code, 'EADDRINUSE', 'its code')
    },
  },
  {
    name: 'rejects a protocol that serves another port, and leaves that one alone',
    run: async ({ listen, until }) => {
      const [busy, client] = [new DatagramRecorder(), await listen(0, new DatagramRecorder())]
      const port = await listen(0, busy)
      isExactly(await rejection(listen(0, busy)), LocalProtocolError, 'the error')
      client.write('still here', port.getHost())
      await until(() => busy.texts.length === 1)
      equal([busy.starts, busy.stops], [1, 0], 'starts and stops')
    },
  },
]

function started(protocol: DatagramRecorder): boolean {
  try {
    return protocol.transport.listening
  } catch {
    return false
  }
}

function rejection(opening: Promise<DatagramTransport>): Promise<unknown> {
  return opening.then(
    () => undefined,
    (error: unknown) => error,
  )
}

const CHANGES: readonly ((port: DatagramTransport) => void)[] = [
  (port) => port.connect('127.0.0.1', 9),
  (port) => port.joinGroup('239.1.2.3'),
  (port) => port.leaveGroup('239.1.2.3'),
  (port) => port.setTTL(1),
  (port) => port.setMulticastTTL(1),
  (port) => port.setLoopbackMode(true),
  (port) => port.setOutgoingInterface('127.0.0.1'),
  (port) => port.setBroadcastAllowed(true),
]
