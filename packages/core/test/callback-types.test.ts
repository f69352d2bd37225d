import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  type ListeningAddress,
  serverFromString,
  type SSLServerEndpoint,
  TCPServerEndpoint,
  UNIXServerEndpoint,
} from '../src/endpoints.ts'
import {
  type Address,
  ClientFactory,
  type Connector,
  type Drainable,
  Factory,
  type HalfCloseable,
  LineReceiver,
  type ListeningPort,
  NetstringReceiver,
  Protocol,
  type PushProducer,
  type Reactor,
  type Replaceable,
  type Securable,
  type TCPAddress,
  type UNIXAddress,
} from '../src/index.ts'
import { StreamProtocol, type StreamReader, type StreamWriter } from '../src/stream.ts'
import { ProcessProtocol } from '../src/process.ts'
import { Service } from '../src/services.ts'
import { DatagramProtocol } from '../src/udp.ts'
import { MemoryReactor, StringTransport } from '../src/testing.ts'

/** Checked by `npm run build`, which type-checks the tests: vitest strips the types. */
describe('types of user code', () => {
  class Talker extends LineReceiver implements HalfCloseable, Drainable, Replaceable, Securable {
    override connectionMade() {
      return this.sendLine('hello')
    }
    override lineReceived(line: Buffer) {
      if (line.length === 0) return this.sendLine('empty')
      return this.transport.loseConnection()
    }
    override rawDataReceived(data: Buffer) {
      return this.transport.write(data)
    }
    override lineLengthExceeded() {
      return 'too long'
    }
    override connectionLost() {
      return this.connected
    }
    readConnectionLost() {
      return this.sendLine('you have ended')
    }
    override protocolReplaced() {
      super.protocolReplaced()
      return 1
    }
    handshakeCompleted() {
      return this.sendLine('secret')
    }
    async drain() {
      return this.sendLine('bye')
    }
  }

  test('a callback may return anything', () => {
    class Netstrings extends NetstringReceiver {
      override stringReceived(data: Buffer) {
        return this.sendString(data)
      }
    }
    class Datagrams extends DatagramProtocol {
      override startProtocol() {
        return this.transport.listening
      }
      override datagramReceived(data: Buffer) {
        return this.transport.write(data)
      }
      override async stopProtocol() {
        return 0
      }
    }
    class Child extends ProcessProtocol {
      override outReceived(data: Buffer) {
        return this.transport.write(data)
      }
      override inConnectionLost() {
        return false
      }
      override async processEnded() {
        return 'over'
      }
    }
    class Stream extends StreamProtocol {
      override async run(_reader: StreamReader, writer: StreamWriter) {
        return writer.write('hi')
      }
    }
    class Makers extends ClientFactory {
      override buildProtocol() {
        return new Talker()
      }
      override startFactory() {
        return this.numPorts
      }
      override async stopFactory() {
        return this.numPorts
      }
      override clientConnectionFailed(connector: Connector) {
        return connector.state
      }
    }
    class Work extends Service {
      override async startService() {
        await super.startService()
        return true
      }
      override stopService() {
        return 3
      }
    }
    const producer: PushProducer = {
      pauseProducing: () => 1,
      resumeProducing: async () => 2,
      stopProducing: () => '',
    }
    const written = [Netstrings, Datagrams, Child, Stream, Makers, Work, producer]
    expect(written).toHaveLength(7)
  })

  test('a misspelt optional callback does not compile', () => {
    class Misspelt extends Protocol {
      readConectionLost(): void {}
      protocolReplced(): void {}
      handshakeComplete(): void {}
      drian(): void {}
    }
    expectTypeOf<Misspelt>().not.toExtend<HalfCloseable>()
    expectTypeOf<Misspelt>().not.toExtend<Replaceable>()
    expectTypeOf<Misspelt>().not.toExtend<Securable>()
    expectTypeOf<Misspelt>().not.toExtend<Drainable>()
    expectTypeOf<Talker>().toExtend<HalfCloseable & Replaceable & Securable & Drainable>()
    const transport = StringTransport.connect(new Misspelt())
    transport.receiveEnd()
    expect(transport.disconnecting).toBe(true)
  })

  test('a port has the type of its address', async () => {
    const reactor = new MemoryReactor()
    const factory = Factory.forProtocol(Talker)
    const tcp = await reactor.listenTCP(0, factory)
    const unix = await reactor.listenUNIX('/run/a', factory)
    expect([tcp.getHost().port > 0, unix.getHost().path]).toEqual([true, '/run/a'])
    expectTypeOf<ReturnType<Reactor['listenSSL']>>().resolves.toExtend<ListeningPort<TCPAddress>>()
    expect((await new TCPServerEndpoint(reactor, 0).listen(factory)).getHost().port).toBeGreaterThan(0)
    expect((await new UNIXServerEndpoint(reactor, '/run/b').listen(factory)).getHost().path).toBe('/run/b')
    expectTypeOf<ReturnType<SSLServerEndpoint['listen']>>().resolves.toExtend<ListeningPort<TCPAddress>>()
    const ofStrings = [
      await serverFromString(reactor, 'tcp:0')
        .listen(factory)
        .then((port) => port.getHost().port),
      await serverFromString(reactor, 'unix:/run/c')
        .listen(factory)
        .then((port) => port.getHost().path),
    ]
    expect(ofStrings).toEqual([expect.any(Number), '/run/c'])
    expectTypeOf<ListeningAddress<string>>().toEqualTypeOf<Address>()
    expectTypeOf<ListeningPort<UNIXAddress>>().toExtend<ListeningPort>()
  })
})
