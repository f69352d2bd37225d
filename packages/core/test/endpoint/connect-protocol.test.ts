import { describe, expect, test } from 'vitest'
import { TCPClientEndpoint } from '../../src/endpoint/client-endpoint.ts'
import { connectProtocol } from '../../src/endpoint/connect-protocol.ts'
import { ConnectingCancelledError, ConnectionRefusedError } from '../../src/errors.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { OneProtocol } from '../one-protocol.ts'

describe('connectProtocol', () => {
  test('connects the protocol it is given', async () => {
    const reactor = new MemoryReactor()
    await reactor.listenTCP(80, new OneProtocol(new Recorder()))
    const client = new Recorder()
    const connecting = connectProtocol(new TCPClientEndpoint(reactor, '127.0.0.1', 80), client)
    reactor.pump()
    expect(await connecting).toBe(client)
  })

  test('rejects as its endpoint does, also when its signal is aborted', async () => {
    const endpoint = new TCPClientEndpoint(new MemoryReactor(), '127.0.0.1', 80)
    const signal = AbortSignal.abort()
    await expect(connectProtocol(endpoint, new Recorder(), { signal })).rejects.toBeInstanceOf(
      ConnectingCancelledError,
    )
    const reactor = new MemoryReactor()
    const refused = connectProtocol(new TCPClientEndpoint(reactor, '127.0.0.1', 80), new Recorder())
    reactor.pump()
    await expect(refused).rejects.toBeInstanceOf(ConnectionRefusedError)
  })
})
