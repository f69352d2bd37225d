import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'
import { connectionLabel, logConnection, reportFault } from '../../src/transport/connection-report.ts'

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
    expect(transport.reactor.logged).toMatchObject([{ level: 'error', connection, source: protocol, error }])
  })
})
