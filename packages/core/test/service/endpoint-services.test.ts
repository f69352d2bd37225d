import { describe, expect, test } from 'vitest'
import { EndpointSyntaxError, type ServerEndpoint, TCPServerEndpoint } from '../../src/endpoints.ts'
import { CannotListenError, Factory } from '../../src/index.ts'
import { serviceFromString, StreamServerEndpointService } from '../../src/services.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { Gate } from '../../src/checks/check.ts'

const factory = Factory.forProtocol(Echo)

function setUp(): { reactor: MemoryReactor; service: StreamServerEndpointService } {
  const reactor = new MemoryReactor()
  return { reactor, service: new StreamServerEndpointService(new TCPServerEndpoint(reactor, 80), factory) }
}

/** Whether a client of port 80 is accepted. */
async function isLetIn(reactor: MemoryReactor): Promise<boolean> {
  const connected = reactor.connectTCP('server', 80, Factory.forProtocol(Recorder)).whenConnected()
  const letIn = connected.then(
    () => true,
    () => false,
  )
  await reactor.settle()
  return letIn
}

describe('StreamServerEndpointService', () => {
  test('listens from its start to its stop, and again', async () => {
    const { reactor, service } = setUp()
    expect([service.port, await isLetIn(reactor)]).toEqual([undefined, false])
    for (let round = 0; round < 2; round++) {
      await service.startService()
      expect([service.running, service.port?.getHost()]).toMatchObject([true, { port: 80 }])
      expect(await isLetIn(reactor)).toBe(true)
      await service.stopService()
      expect([service.running, service.port, await isLetIn(reactor)]).toEqual([false, undefined, false])
    }
  })

  test('keeps connections open when it stops', async () => {
    const { reactor, service } = setUp()
    await service.startService()
    expect([await isLetIn(reactor), reactor.connections.size]).toEqual([true, 2])
    await service.stopService()
    await reactor.settle()
    expect(reactor.connections.size).toBe(2)
  })

  test('listens once, however often it is started, and each start waits for that', async () => {
    const { service } = setUp()
    await Promise.all([service.startService(), service.startService()])
    await service.startService()
    expect([service.running, service.port?.getHost()]).toMatchObject([true, { port: 80 }])
  })

  test('fails to start where it cannot listen, and can be started again', async () => {
    const { reactor, service } = setUp()
    const other = await reactor.listenTCP(80, factory)
    await expect(service.startService()).rejects.toBeInstanceOf(CannotListenError)
    expect([service.running, service.port]).toEqual([false, undefined])
    await other.stopListening()
    await service.startService()
    expect([service.running, await isLetIn(reactor)]).toEqual([true, true])
  })

  test('fails to start when its endpoint throws', async () => {
    const broken: ServerEndpoint = {
      listen: () => {
        throw new TypeError('no endpoint')
      },
    }
    const service = new StreamServerEndpointService(broken, factory)
    await expect(service.startService()).rejects.toThrow('no endpoint')
    expect(service.running).toBe(false)
  })

  test('frees its port even if it is stopped before it listens', async () => {
    const [reactor, slow] = [new MemoryReactor(), new Gate()]
    const endpoint: ServerEndpoint = {
      listen: async (served) => {
        await slow.opened
        return reactor.listenTCP(80, served)
      },
    }
    const service = new StreamServerEndpointService(endpoint, factory)
    const started = service.startService()
    const stopped = service.stopService()
    slow.open()
    await Promise.all([started, stopped])
    expect([service.running, service.port, await isLetIn(reactor)]).toEqual([false, undefined, false])
  })

  test('keeps listening when an earlier start fails late', async () => {
    const [reactor, hanging] = [new MemoryReactor(), new Gate()]
    let calls = 0
    const endpoint: ServerEndpoint = {
      listen: async (served) => {
        if (++calls === 1) await hanging.opened
        return reactor.listenTCP(80, served)
      },
    }
    const service = new StreamServerEndpointService(endpoint, factory)
    const first = service.startService()
    const stopped = service.stopService()
    await service.startService()
    hanging.fail(new Error('too late'))
    await expect(first).rejects.toThrow('too late')
    await stopped
    expect([service.running, await isLetIn(reactor)]).toEqual([true, true])
  })

  test('does nothing when it is stopped and was not started', async () => {
    const { service } = setUp()
    await service.stopService()
    expect(service.running).toBe(false)
  })
})

describe('serviceFromString', () => {
  test('makes a service that listens on the endpoint of the string', async () => {
    const reactor = new MemoryReactor()
    const service = serviceFromString(reactor, 'tcp:80:interface=127.0.0.1', factory)
    await service.startService()
    expect(service.port?.getHost()).toMatchObject({ host: '127.0.0.1', port: 80 })
    expect(service.port?.factory).toBe(factory)
  })

  test('throws at once when the string is wrong', () => {
    expect(() => serviceFromString(new MemoryReactor(), 'tcp:eighty', factory)).toThrow(EndpointSyntaxError)
  })
})
