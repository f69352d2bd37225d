import { describe, expect, test } from 'vitest'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { LineReceiver, Protocol } from '../../src/index.ts'
import { ProtocolTimeout, withTimeout } from '../../src/policies.ts'
import { Clock, StringTransport } from '../../src/testing.ts'

class Login extends withTimeout(LineReceiver) {
  readonly lines: string[] = []

  override connectionMade(): void {
    this.setTimeout(30_000)
  }

  override lineReceived(line: Buffer): void {
    this.lines.push(line.toString())
    this.resetTimeout()
  }
}

describe('withTimeout', () => {
  test('closes the connection unless the timeout is reset', () => {
    const transport = StringTransport.connect(new Login())
    transport.reactor.advance(20_000)
    transport.receive('me\r\n')
    transport.reactor.advance(20_000)
    expect(transport.disconnecting).toBe(false)
    transport.reactor.advance(10_000)
    expect(transport.disconnecting).toBe(true)
  })

  test('leaves no timer when the connection is lost', () => {
    const transport = StringTransport.connect(new Login())
    transport.receiveReset()
    expect(transport.reactor.getDelayedCalls()).toEqual([])
  })

  test('leaves no timer when a subclass overrides connectionLost without a call of super', () => {
    const calls: string[] = []
    class Silent extends Login {
      override connectionLost(): void {}
      override timeoutConnection(): void {
        calls.push('too late')
      }
    }
    const transport = StringTransport.connect(new Silent())
    transport.receiveReset()
    expect(transport.reactor.getDelayedCalls()).toEqual([])
    transport.reactor.advance(60_000)
    expect(calls).toEqual([])
  })

  test('lets timeoutConnection be overridden', () => {
    const calls: string[] = []
    class Patient extends Login {
      override timeoutConnection(): void {
        calls.push('too slow')
        this.setTimeout(undefined)
      }
    }
    const transport = StringTransport.connect(new Patient())
    transport.reactor.advance(30_000)
    expect([calls, transport.disconnecting]).toEqual([['too slow'], false])
  })

  test('leaves the connection to the protocol that takes over', () => {
    const calls: string[] = []
    class Negotiation extends withTimeout(
      class extends Protocol {
        protocolReplaced(): void {
          calls.push('replaced')
        }
      },
    ) {
      override connectionMade(): void {
        this.setTimeout(30_000)
      }
    }
    const transport = StringTransport.connect(new Negotiation())
    transport.switchProtocol(new Login())
    transport.reactor.advance(29_999)
    expect([calls, transport.disconnecting]).toEqual([['replaced'], false])
    const patient = StringTransport.connect(new Negotiation())
    patient.switchProtocol(new Recorder())
    expect(patient.reactor.getDelayedCalls()).toEqual([])
  })

  test.each([
    [
      'throws',
      (fault: Error): never => {
        throw fault
      },
    ],
    ['rejects', (fault: Error): Promise<never> => Promise.reject(fault)],
  ])('aborts the connection when timeoutConnection %s', async (_way, fail) => {
    const fault = new Error('in timeoutConnection')
    class Failing extends withTimeout(Recorder) {
      override connectionMade(): void {
        this.setTimeout(1000)
      }
      override timeoutConnection(): void {
        return fail(fault) as never
      }
    }
    const protocol = new Failing()
    const { reactor } = StringTransport.connect(protocol)
    reactor.advance(1100)
    await reactor.settle()
    expect(protocol.losses).toHaveLength(1)
    expect(protocol.reason).toMatchObject({ name: 'ConnectionAborted', cause: fault })
    expect(reactor.logged.map(({ error }) => error)).toEqual([fault])
  })

  test('returns the promise of protocolReplaced of the base class', async () => {
    const fault = new Error('in protocolReplaced')
    class Failing extends withTimeout(
      class extends Protocol {
        protocolReplaced(): Promise<never> {
          return Promise.reject(fault)
        }
      },
    ) {}
    const transport = StringTransport.connect(new Failing())
    transport.switchProtocol(new Recorder())
    await transport.reactor.settle()
    expect(transport.reactor.logged.map(({ error }) => error)).toEqual([fault])
  })
})

test('ProtocolTimeout returns the previous timeout, restarts, and ends', () => {
  const [clock, firedAtMs] = [new Clock(), [] as number[]]
  const timeout = new ProtocolTimeout(clock, () => firedAtMs.push(clock.now()))
  timeout.resetTimeout()
  expect(clock.getDelayedCalls()).toEqual([])
  expect(timeout.setTimeout(500)).toBeUndefined()
  clock.advance(400)
  timeout.resetTimeout()
  clock.advance(400)
  expect(timeout.setTimeout(100)).toBe(500)
  clock.advance(100)
  expect(firedAtMs).toEqual([900])
  expect(timeout.setTimeout(100)).toBeUndefined()
  expect(timeout.setTimeout(undefined)).toBe(100)
  expect(clock.getDelayedCalls()).toEqual([])
})
