import { describe, expect, test } from 'vitest'
import { TCPServerEndpoint, UNIXServerEndpoint } from '../../src/endpoint/server-endpoint.ts'
import { CannotListenError } from '../../src/errors.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { OneProtocol } from '../one-protocol.ts'

describe('TCPServerEndpoint', () => {
  test('listens each time it is asked, and rejects when it cannot', async () => {
    const reactor = new MemoryReactor()
    const endpoint = new TCPServerEndpoint(reactor, 80, { interface: '127.0.0.1' })
    const factory = new OneProtocol(new Recorder())
    const port = await endpoint.listen(factory)
    expect(port.getHost()).toMatchObject({ host: '127.0.0.1', port: 80 })
    await expect(endpoint.listen(factory)).rejects.toBeInstanceOf(CannotListenError)
    await port.stopListening()
    expect((await endpoint.listen(factory)).factory).toBe(factory)
  })
})

describe('UNIXServerEndpoint', () => {
  test('listens on its path', async () => {
    const endpoint = new UNIXServerEndpoint(new MemoryReactor(), '/run/app.sock')
    const port = await endpoint.listen(new OneProtocol(new Recorder()))
    expect(port.getHost()).toEqual({ type: 'UNIX', path: '/run/app.sock' })
  })
})
