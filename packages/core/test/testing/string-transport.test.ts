import { describe, expect, test } from 'vitest'
import { ConnectionAborted, ConnectionDone, ConnectionLost, tcpAddress } from '../../src/index.ts'
import { StringTransport } from '../../src/testing.ts'
import { Echo, HalfCloseRecorder, Recorder } from '../../src/checks/transport-harness.ts'
import { runChecks } from '../run-checks.ts'
import { stringHarness } from './string-harness.ts'

describe('StringTransport', () => {
  describe('passes the transport checks against another one', () => {
    runChecks(stringHarness)
  })

  test('records bytes sent until it is cleared', () => {
    const transport = StringTransport.connect(new Echo())
    transport.receive('one ')
    transport.receive(Buffer.from('two'))
    expect(transport.value()).toBe('one two')
    transport.clear()
    expect(transport.bytes()).toEqual(Buffer.alloc(0))
  })

  test('needs no pump: every method first sends all written bytes', () => {
    const protocol = new (class extends Recorder {
      override connectionMade(): void {
        this.transport.abortConnection()
      }
    })()
    expect(StringTransport.connect(protocol).connected).toBe(false)
    const [cleared, closed] = [
      StringTransport.connect(new Recorder()),
      StringTransport.connect(new Recorder()),
    ]
    cleared.write('gone')
    cleared.clear()
    closed.loseConnection()
    expect([cleared.value(), closed.ended]).toEqual(['', true])
  })

  test('shares no bytes with the protocol, neither received nor sent', () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol)
    const [given, sent] = [Buffer.from('given'), Buffer.from('sent')]
    transport.receive(given)
    transport.write(sent)
    transport.pump()
    given.fill('x')
    sent.fill('x')
    expect([protocol.text, transport.value()]).toEqual(['given', 'sent'])
  })

  test('delivers nothing for empty bytes', () => {
    const protocol = new Recorder()
    StringTransport.connect(protocol).receive('')
    expect(protocol.events).toEqual(['made'])
  })

  test('sends its FIN in loseConnection, and is lost after the FIN of the peer', () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol)
    transport.write('bye')
    transport.loseConnection()
    expect([transport.value(), transport.ended, transport.connected]).toEqual(['bye', true, true])
    transport.receiveEnd()
    expect([transport.connected, protocol.reason?.name]).toEqual([false, 'ConnectionDone'])
  })

  test("is lost at the linger deadline without the peer's FIN", () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol)
    transport.loseConnection()
    transport.reactor.advance(2000)
    transport.pump()
    expect(protocol.reason).toBeInstanceOf(ConnectionDone)
    expect(transport.reactor.getDelayedCalls()).toEqual([])
  })

  test("closes at the peer's FIN, or calls readConnectionLost", () => {
    const [plain, halfClose] = [new Recorder(), new HalfCloseRecorder()]
    StringTransport.connect(plain).receiveEnd()
    expect(plain.events).toEqual(['made', 'lost ConnectionDone'])
    StringTransport.connect(halfClose).receiveEnd()
    expect(halfClose.events).toEqual(['made', 'read lost'])
  })

  test('reports a reset, and an abort of its own', () => {
    const [reset, aborted] = [new Recorder(), new Recorder()]
    StringTransport.connect(reset).receiveReset()
    expect(reset.reason).toBeInstanceOf(ConnectionLost)
    const transport = StringTransport.connect(aborted)
    transport.abortConnection()
    transport.pump()
    expect(aborted.reason).toBeInstanceOf(ConnectionAborted)
  })

  test('can be blocked: written bytes count as buffered until it is unblocked', async () => {
    const transport = StringTransport.connect(new Recorder())
    transport.block()
    expect(transport.write('x'.repeat(70_000))).toBe(false)
    const drained = transport.drained()
    transport.pump()
    expect(transport.bufferedBytes).toBe(70_000)
    transport.unblock()
    expect(await drained).toBe(true)
    transport.write('x')
    transport.pump()
    expect(transport.bufferedBytes).toBe(0)
  })

  test('has addresses that a test can choose', () => {
    const peerAddress = tcpAddress('192.0.2.7', 7)
    const transport = new StringTransport({ peerAddress })
    expect(transport.getPeer()).toEqual(peerAddress)
    expect(transport.getHost()).toEqual(tcpAddress('10.0.0.1', 1234))
  })
})
