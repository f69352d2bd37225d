import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import { ConnectionDone } from '../../src/errors.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'
import {
  connectionLabel,
  logConnection,
  reportClose,
  reportFault,
} from '../../src/transport/connection-report.ts'

describe('connection reports', () => {
  const peer = tcpAddress('192.168.1.1', 54_321)

  test('name a connection by its id, its peer, and who reads it', () => {
    const transport = new StringTransport()
    expect(logConnection(transport, new Recorder())).toEqual({ id: 1, peer, protocol: 'Recorder' })
    expect(connectionLabel(transport, new Recorder())).toBe('Recorder 1 192.168.1.1:54321')
    expect(connectionLabel(transport, undefined)).toBe('no protocol 1 192.168.1.1:54321')
  })

  test('tell a fault with all of that', () => {
    const [transport, protocol, error] = [new StringTransport(), new Recorder(), new Error('why')]
    reportFault(transport, protocol, error)
    const connection = { id: 1, peer, protocol: 'Recorder' }
    const text = 'A protocol failed; its connection is aborted'
    const fault = { level: 'error', connection, source: protocol, error }
    expect(transport.reactor.logged).toMatchObject([{ ...fault, text }])
    transport.abortConnection()
    transport.reactor.pump()
    reportFault(transport, protocol, error)
    expect(transport.reactor.logged[1]).toMatchObject({
      ...fault,
      text: 'A protocol failed; its connection had ended already',
    })
  })

  test('publish the end of a connection with what it carried and for how long', () => {
    const [transport, reason, published] = [new StringTransport(), new ConnectionDone(), [] as unknown[]]
    const note = (message: unknown): void => void published.push(message)
    subscribe('ropewalk.close', note)
    transport.reactor.advance(500)
    reportClose(transport, reason, 10, 20, 200)
    unsubscribe('ropewalk.close', note)
    expect(published).toEqual([{ transport, reason, receivedBytes: 10, sentBytes: 20, durationMs: 300 }])
  })
})
