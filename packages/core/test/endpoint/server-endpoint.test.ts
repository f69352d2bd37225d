import { describe, expect, test } from 'vitest'
import { Recorder } from '../../src/checks/transport-harness.ts'
import {
  AdoptedStreamServerEndpoint,
  SSLServerEndpoint,
  StandardIOEndpoint,
  TCPServerEndpoint,
  UNIXServerEndpoint,
} from '../../src/endpoints.ts'
import {
  CannotListenError,
  Factory,
  NoProtocol,
  type ProtocolEvents,
  type ProtocolFactory,
} from '../../src/index.ts'
import type { LogEvent } from '../../src/log.ts'
import { MemoryReactor, StringTransport } from '../../src/testing.ts'
import { TLSConfigurationError } from '../../src/tls.ts'
import { OneProtocol } from '../one-protocol.ts'
import { server } from '../tls/certificates.ts'

describe('TCPServerEndpoint', () => {
  test('listens at each call, and rejects when it cannot', async () => {
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
  test('listens with TLS, and rejects with the error of its certificate', async () => {
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
        throw new Error('not used here')
      },
    }
    const endpoint = new AdoptedStreamServerEndpoint(reactor, 3)
    await endpoint.listen(new OneProtocol(new Recorder()))
    await expect(endpoint.listen(new OneProtocol(new Recorder()))).rejects.toThrow('/dev/fd/3')
    expect(adopted).toEqual([3])
  })
})

describe('StandardIOEndpoint', () => {
  const logged: LogEvent[] = []
  const log = (event: LogEvent): void => void logged.push(event)
  const reactor = { log, standardIO: (protocol: ProtocolEvents) => StringTransport.connect(protocol) }

  test('connects one protocol at once', async () => {
    const [protocol, factory] = [new Recorder(), new OneProtocol(new Recorder())]
    const port = await new StandardIOEndpoint(reactor).listen(new OneProtocol(protocol))
    expect([protocol.made, port.connections.size]).toEqual([true, 1])
    protocol.transport.abortConnection()
    protocol.transport.reactor.now()
    const stopped = await new StandardIOEndpoint(reactor).listen(factory)
    await stopped.suspend()
    await stopped.resume()
    await stopped.stopListening()
    await stopped[Symbol.asyncDispose]()
    expect(factory.numPorts).toBe(0)
  })

  test('rejects when the factory refuses, or stdin is in use', async () => {
    class Refusing extends Factory {
      override buildProtocol(): undefined {}
    }
    await expect(new StandardIOEndpoint(reactor).listen(new Refusing())).rejects.toBeInstanceOf(
      CannotListenError,
    )
    const taken = {
      log,
      standardIO: (): never => {
        throw new Error('other code reads it already')
      },
    }
    const factory = new OneProtocol(new Recorder())
    await expect(new StandardIOEndpoint(taken).listen(factory)).rejects.toThrow('other code reads it already')
    expect(factory.numPorts).toBe(0)
  })

  test.each<[string, () => ProtocolEvents, string]>([
    [
      'buildProtocol throws',
      () => {
        throw new Error('a bug')
      },
      'a bug',
    ],
    ['buildProtocol returns a promise', () => Promise.resolve(new Recorder()) as never, 'a promise'],
    [
      'connectionMade throws',
      () =>
        Object.assign(new Recorder(), {
          connectionMade: () => {
            throw new Error('a bug')
          },
        }),
      'a bug',
    ],
    [
      'connectionMade rejects',
      () => Object.assign(new Recorder(), { connectionMade: () => Promise.reject(new Error('a bug')) }),
      'a bug',
    ],
  ])('rejects when %s, with that error as the cause', async (_fault, build, message) => {
    const factory = new (class extends Factory {
      override buildProtocol(): ProtocolEvents {
        return build()
      }
    })()
    const failed: unknown = await new StandardIOEndpoint({ ...reactor, standardIO: connectAndSettle })
      .listen(factory)
      .catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(CannotListenError)
    expect((failed as Error).cause).toBeInstanceOf(NoProtocol)
    expect(String(((failed as Error).cause as Error).cause)).toContain(message)
    expect(factory.numPorts).toBe(0)
  })
})

/** Ends its turns later, as a reactor does. */
function connectAndSettle(protocol: ProtocolEvents): StringTransport {
  const transport = StringTransport.connect(protocol)
  void transport.reactor.settle()
  return transport
}
