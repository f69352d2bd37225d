import type { DatagramTransport } from '../../interfaces/datagram.ts'
import type { DatagramCheck, DatagramHarness } from '../datagram-harness.ts'
import { equal } from './assertions.ts'
import { DatagramRecorder } from './datagram-recorder.ts'

/** What a UDP port promises when its protocol, or the system, fails: it is logged, and the port stays open. */
export const datagramFaultChecks: readonly DatagramCheck[] = [
  ...inBothWays('stays open after', 'datagramReceived (statement 34)', staysOpen),
  ...inBothWays('stays open after', 'connectionRefused', survivesRefusal),
  ...inBothWays('is closed all the same after', 'stopProtocol', closes),
  ...inBothWays('is not opened after', 'startProtocol', isNotOpened),
  {
    name: 'stays open when the system refuses to send, and counts it',
    run: async (harness) => {
      const client = await harness.listen(0, new DatagramRecorder())
      // Without setBroadcastAllowed no system sends this.
      equal(client.write('x', { host: '255.255.255.255', port: 9 }), true, 'the write')
      await harness.until(() => client.drops.failed === 1)
      await isOpen(harness, client)
    },
  },
]

type Fail = (error: Error) => () => unknown
type Trial = (harness: DatagramHarness, fail: Fail) => Promise<void>

function inBothWays(outcome: string, callback: string, trial: Trial): readonly DatagramCheck[] {
  return [
    { name: `${outcome} a throw in ${callback}`, run: (harness) => trial(harness, throwing) },
    { name: `${outcome} a rejection in ${callback}`, run: (harness) => trial(harness, rejecting) },
  ]
}

async function staysOpen(harness: DatagramHarness, fail: Fail): Promise<void> {
  const error = new Error('in datagramReceived')
  const server = failing('datagramReceived', fail(error))
  const port = await harness.listen(0, server)
  const client = await harness.listen(0, new DatagramRecorder())
  client.write('one', port.getHost())
  client.write('two', port.getHost())
  await harness.until(() => timesLogged(harness, error) === 2)
  const label = harness.logged[0]?.label ?? ''
  equal(label, `DatagramRecorder 127.0.0.1:${port.getHost().port}`, 'the label')
  Reflect.deleteProperty(server, 'datagramReceived')
  client.write('three', port.getHost())
  await harness.until(() => server.texts.length === 1)
}

async function survivesRefusal(harness: DatagramHarness, fail: Fail): Promise<void> {
  const nobody = await harness.listen(0, new DatagramRecorder())
  const error = new Error('in connectionRefused')
  const port = await harness.listen(0, failing('connectionRefused', fail(error)))
  await nobody.stopListening()
  port.connect('127.0.0.1', nobody.getHost().port)
  port.write('anybody?')
  await harness.until(() => timesLogged(harness, error) === 1)
  equal(port.listening, true, 'whether it listens')
}

async function closes(harness: DatagramHarness, fail: Fail): Promise<void> {
  const error = new Error('in stopProtocol')
  const port = await harness.listen(0, failing('stopProtocol', fail(error)))
  await port.stopListening()
  await harness.until(() => timesLogged(harness, error) === 1)
  await harness.listen(port.getHost().port, new DatagramRecorder())
}

async function isNotOpened(harness: DatagramHarness, fail: Fail): Promise<void> {
  const error = new Error('in startProtocol')
  const server = failing('startProtocol', fail(error))
  const reason: unknown = await harness.listen(0, server).then(
    () => undefined,
    (rejected: unknown) => rejected,
  )
  equal(reason, error, 'the rejection')
  equal([server.transport.listening, server.stops, timesLogged(harness, error)], [false, 0, 0], 'the rest')
  await harness.listen(server.transport.getHost().port, new DatagramRecorder())
}

async function isOpen({ listen, until }: DatagramHarness, port: DatagramTransport): Promise<void> {
  const server = new DatagramRecorder()
  const other = await listen(0, server)
  port.write('still here', other.getHost())
  await until(() => server.texts.includes('still here'))
}

function failing(callback: string, fail: () => unknown): DatagramRecorder {
  return Object.assign(new DatagramRecorder(), { [callback]: fail })
}

function timesLogged({ logged }: DatagramHarness, error: Error): number {
  return logged.filter((event) => event.error === error && event.level === 'error').length
}

function throwing(error: Error): () => never {
  return () => {
    throw error
  }
}

function rejecting(fault: Error): () => Promise<never> {
  return () => Promise.reject(fault)
}
