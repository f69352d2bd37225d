import { describe, expect, test } from 'vitest'
import type { ProtocolFactory } from '../../src/interfaces/protocol-events.ts'
import {
  AdoptedStreamServerEndpoint,
  SSLServerEndpoint,
  TCPServerEndpoint,
  UNIXServerEndpoint,
} from '../../src/endpoint/server-endpoint.ts'
import { CannotListenError, TLSConfigurationError } from '../../src/errors.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { OneProtocol } from '../one-protocol.ts'
import { server } from '../tls/certificates.ts'

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

describe('SSLServerEndpoint', () => {
  test('listens with TLS, and rejects with what is wrong with its certificate', async () => {
    const reactor = new MemoryReactor()
    const port = await new SSLServerEndpoint(reactor, 443, server).listen(new OneProtocol(new Recorder()))
    expect(port.getHost()).toMatchObject({ port: 443 })
    const wrong = new SSLServerEndpoint(reactor, 444, { cert: 'none', key: 'none' })
    await expect(wrong.listen(new OneProtocol(new Recorder()))).rejects.toBeInstanceOf(TLSConfigurationError)
  })
})

describe('AdoptedStreamServerEndpoint', () => {
  test('listens on its descriptor, once', async () => {
    const memory = new MemoryReactor()
    const adopted: number[] = []
    const reactor = {
      inheritedSockets: () => [],
      adoptStreamPort: (fd: number, factory: ProtocolFactory) => {
        adopted.push(fd)
        return memory.listenTCP(fd, factory)
      },
      adoptStreamConnection: (): never => {
        throw new Error('nobody asks for it')
      },
    }
    const endpoint = new AdoptedStreamServerEndpoint(reactor, 3)
    await endpoint.listen(new OneProtocol(new Recorder()))
    await expect(endpoint.listen(new OneProtocol(new Recorder()))).rejects.toThrow('/dev/fd/3')
    expect(adopted).toEqual([3])
  })
})
