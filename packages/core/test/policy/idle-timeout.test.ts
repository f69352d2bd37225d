import { describe, expect, test } from 'vitest'
import type { Transport } from '../../src/index.ts'
import { IdleTimeout, Throttle } from '../../src/policies.ts'
import { Clock, StringTransport } from '../../src/testing.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { PolicedServer } from './policies.ts'

describe('IdleTimeout', () => {
  test('closes the connection of a silent peer when idleMs has passed, not before', async () => {
    const server = await PolicedServer.listen({ policies: [new IdleTimeout(3000)] })
    const client = server.connect()
    server.reactor.advance(2999)
    expect(client.lost).toBe(false)
    server.reactor.advance(1)
    expect(client.lost).toBe(true)
    expect(server.reactor.getDelayedCalls()).toEqual([])
  })

  test('restarts at bytes received and at bytes sent', async () => {
    const server = await PolicedServer.listen({ policies: [new IdleTimeout(3000)] })
    const [talking, reading, silent] = [server.connect(), server.connect(), server.connect()]
    for (let seconds = 0; seconds < 10; seconds += 2) {
      talking.transport.write('x')
      server.served[1]?.transport.write('y')
      server.reactor.advance(2000)
    }
    expect([talking.lost, reading.lost, silent.lost]).toEqual([false, false, true])
  })

  test('restarts when the last bytes are sent', async () => {
    const server = await PolicedServer.listen({ policies: [new IdleTimeout(3000)] })
    const client = server.connect()
    server.reactor.advance(2000)
    server.served[0]?.transport.write('y')
    server.reactor.advance(2999)
    expect(client.lost).toBe(false)
    server.reactor.advance(1)
    expect(client.lost).toBe(true)
  })

  test.each([
    ['before the timeout', true],
    ['only by the timeout', false],
  ])('does not abort a peer that reads slowly but steadily, when closed %s', async (_when, closesItself) => {
    const server = await PolicedServer.listen({ policies: [new IdleTimeout(3000)] })
    const client = new SlowReader()
    server.connect(client)
    const [served] = server.served
    served?.transport.write(Buffer.alloc(1_000_000))
    if (closesItself) served?.transport.loseConnection()
    for (let step = 0; client.bytes < 1_000_000 && step < 100; step++) {
      server.reactor.advance(1400)
      expect(served?.losses).toEqual([])
      client.transport.resumeProducing()
      server.reactor.pump()
    }
    expect(client.bytes).toBe(1_000_000)
    client.transport.resumeProducing()
    server.reactor.advance(3000)
    server.reactor.advance(3000)
    expect(served?.losses.map((reason) => reason.name)).toEqual(['ConnectionDone'])
    expect(server.reactor.getDelayedCalls()).toEqual([])
  })

  test('waits idleMs twice before it aborts a peer that reads nothing, when the protocol has closed', () => {
    const [transport, server] = [new StringTransport(), new Recorder()]
    transport.begin(server, [new IdleTimeout(3000)])
    transport.block()
    transport.write('anything there?')
    transport.loseConnection()
    transport.reactor.advance(5999)
    expect(server.lost).toBe(false)
    transport.reactor.advance(101)
    expect(String(server.reason?.cause)).toBe('Error: Cannot close in 3000 ms: the peer reads nothing')
  })

  test('does not reset once our FIN is sent: the linger deadlines apply', () => {
    const [transport, server] = [new StringTransport({ options: { lingerMs: 20_000 } }), new Recorder()]
    transport.begin(server, [new IdleTimeout(3000)])
    transport.write('last bytes')
    transport.loseConnection()
    transport.reactor.advance(19_999)
    expect(server.lost).toBe(false)
    transport.reactor.advance(101)
    expect(server.losses.map((reason) => reason.name)).toEqual(['ConnectionDone'])
  })

  test.each(['readBytesPerSecond', 'writeBytesPerSecond'] as const)(
    'does not count the time in which our %s delays bytes',
    async (rate) => {
      const policies = [new IdleTimeout(3000), new Throttle({ [rate]: 10 })]
      const server = await PolicedServer.listen({ policies })
      const client = server.connect()
      const bytes = Buffer.alloc(100)
      const [from, to] =
        rate === 'readBytesPerSecond' ? [client, server.served[0]] : [server.served[0], client]
      // First the burst, then the rate: the reading side delivers one piece, and its bucket is overdrawn for 9 s.
      from?.transport.write(bytes)
      server.reactor.advance(9000)
      expect([client.lost, (to?.bytes ?? 0) >= 90]).toEqual([false, true])
      server.reactor.advance(3000 + 1000)
      expect(client.lost).toBe(true)
    },
  )

  test('does not count the time for bytes held by the operating system until they are sent', () => {
    const clock = new Clock()
    const lost: string[] = []
    const transport = {
      reactor: clock,
      disconnecting: false,
      loseConnection: () => void lost.push(`closed at ${clock.now()}`),
    } as unknown as Transport
    const watch = new IdleTimeout(3000).accepted(transport)
    watch.heldUp?.('sending', 50_000)
    clock.advance(20_000)
    watch.received?.(Buffer.alloc(1))
    clock.advance(32_999)
    expect(lost).toEqual([])
    watch.heldUp?.('sending', 50_000)
    watch.sent?.()
    clock.advance(3100)
    expect(lost).toEqual(['closed at 56000'])
  })

  test.each([
    ['reads nothing', true, 6000, 'ConnectionAborted'],
    ['never sends its FIN', false, 5000, 'ConnectionDone'],
  ])('ends the connection of a half-open peer that %s, and leaves no timer', (_how, blocked, dueMs, name) => {
    const [transport, server] = [new StringTransport(), new Recorder()]
    transport.begin(server, [new IdleTimeout(3000)])
    if (blocked) transport.block()
    transport.write('anything there?')
    transport.pump()
    transport.reactor.advance(3000)
    transport.reactor.advance(dueMs - 3000 - 1)
    expect(server.lost).toBe(false)
    transport.reactor.advance(101)
    expect(server.losses.map((reason) => reason.name)).toEqual([name])
    expect(transport.reactor.getDelayedCalls()).toEqual([])
  })

  test('continues after a switch of the protocol', async () => {
    const server = await PolicedServer.listen({ policies: [new IdleTimeout(3000)] })
    server.connect()
    const next = new Recorder()
    server.served[0]?.transport.switchProtocol(next)
    server.reactor.advance(3000)
    expect(next.lost).toBe(true)
  })

  test.each([
    [0, RangeError],
    [-1, RangeError],
    [NaN, RangeError],
    [Infinity, RangeError],
    ['5000', TypeError],
    [undefined, TypeError],
  ])('refuses %s, and names idleMs', (idleMs, error) => {
    const make = (): unknown => new IdleTimeout(idleMs as number)
    expect(make).toThrow(error)
    expect(make).toThrow(/idleMs/)
  })
})

/** Reads one piece each time it is resumed. */
class SlowReader extends Recorder {
  override dataReceived(data: Buffer): void {
    void super.dataReceived(data)
    this.transport.pauseProducing()
  }
}
