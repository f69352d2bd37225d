import { describe, expect, test } from 'vitest'
import { IdleTimeout } from '../../src/policy/idle-timeout.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'
import { PolicedServer } from './policies.ts'

describe('IdleTimeout', () => {
  test('closes a silent peer when the time is over, not before (row 180)', async () => {
    const server = await PolicedServer.listen({ policies: [new IdleTimeout(3000)] })
    const client = server.connect()
    server.reactor.advance(2999)
    expect(client.lost).toBe(false)
    server.reactor.advance(1)
    expect(client.lost).toBe(true)
    expect(server.reactor.getDelayedCalls()).toEqual([])
  })

  test('counts what the peer sends, and not what we send (statement 96 changed)', async () => {
    const server = await PolicedServer.listen({ policies: [new IdleTimeout(3000)] })
    const [talking, silent] = [server.connect(), server.connect()]
    for (let seconds = 0; seconds < 10; seconds += 2) {
      talking.transport.write('x')
      server.served[1]?.transport.write('y')
      server.reactor.advance(2000)
    }
    expect([talking.lost, silent.lost]).toEqual([false, true])
  })

  test.each([
    ['takes nothing', true, 6000, 'ConnectionAborted'],
    ['never says its end', false, 5000, 'ConnectionDone'],
  ])('ends a half-open peer that %s, and leaves no timer', (_how, blocked, dueMs, name) => {
    const [transport, server] = [new StringTransport(), new Recorder()]
    transport.begin(server, [new IdleTimeout(3000)])
    if (blocked) transport.block()
    transport.write('anybody there?')
    transport.pump()
    transport.reactor.advance(3000)
    transport.reactor.advance(dueMs - 3000 - 1)
    expect(server.lost).toBe(false)
    transport.reactor.advance(101)
    expect(server.losses.map((reason) => reason.name)).toEqual([name])
    expect(transport.reactor.getDelayedCalls()).toEqual([])
  })

  test('goes on when the protocol is switched', async () => {
    const server = await PolicedServer.listen({ policies: [new IdleTimeout(3000)] })
    server.connect()
    const next = new Recorder()
    server.served[0]?.transport.switchProtocol(next)
    server.reactor.advance(3000)
    expect(next.lost).toBe(true)
  })

  test('needs a time', () => {
    expect(() => new IdleTimeout(0)).toThrow(RangeError)
  })
})
