import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/checks/check.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { LineReceiver, type ProtocolEvents } from '../../src/index.ts'
import { StringTransport } from '../../src/testing.ts'
import { StreamProtocol, type StreamReader } from '../../src/stream.ts'
import { CurrentProtocol, StuckCallback } from '../../src/transport/current-protocol.ts'

describe('CurrentProtocol', () => {
  const make = (): { current: CurrentProtocol; faults: [ProtocolEvents | undefined, unknown][] } => {
    const faults: [ProtocolEvents | undefined, unknown][] = []
    const current = new CurrentProtocol({ context: undefined }, new StringTransport(), {
      callbackFailed: (protocol, error) => void faults.push([protocol, error]),
    })
    return { current, faults }
  }

  test('makes no calls before the first protocol', () => {
    const { current, faults } = make()
    expect(current.call(() => expect.unreachable())).toBeUndefined()
    expect(current.deliver(Buffer.from('x'))).toBeUndefined()
    expect([current.protocol, faults]).toEqual([undefined, []])
  })

  test('returns the previous protocol', () => {
    const { current } = make()
    const [first, second] = [new Recorder(), new Recorder()]
    expect(current.replace(first)).toBeUndefined()
    expect(current.replace(second)).toBe(first)
    expect(current.protocol).toBe(second)
  })

  test('passes on faults, thrown or rejected, with their protocol', async () => {
    const { current, faults } = make()
    const fault = new Error('a fault')
    const protocol = new (class extends Recorder {
      override async dataReceived(): Promise<void> {
        throw fault
      }
    })()
    current.replace(protocol)
    await current.deliver(Buffer.from('x'))
    void current.call(() => {
      throw fault
    })
    expect(faults).toEqual([
      [protocol, fault],
      [protocol, fault],
    ])
  })

  test('is drained at once without a promise of drain, otherwise when the promise settles', async () => {
    const { current } = make()
    const [drained, gate] = [[] as string[], new Gate()]
    current.drain(() => drained.push('no protocol'))
    current.replace(new Recorder())
    current.drain(() => drained.push('at once'))
    current.replace(Object.assign(new Recorder(), { drain: () => undefined }))
    current.drain(() => drained.push('without a promise'))
    current.replace(Object.assign(new Recorder(), { drain: () => gate.opened }))
    current.drain(() => drained.push('later'))
    expect(drained).toEqual(['no protocol', 'at once', 'without a promise'])
    gate.open()
    await gate.opened
    await Promise.resolve()
    expect(drained).toEqual(['no protocol', 'at once', 'without a promise', 'later'])
  })

  test('does not wait for a protocol that was replaced in the meantime', () => {
    const { current } = make()
    const next = new Recorder()
    current.replace(
      new (class extends Recorder {
        override async dataReceived(): Promise<void> {
          current.replace(next)
        }
      })(),
    )
    expect(current.deliver(Buffer.from('x'))).toBeUndefined()
  })
})

describe('StuckCallback', () => {
  /** A promise that a test resolves. */
  class Latch {
    open = (): void => undefined
    readonly opened: Promise<void> = new Promise((resolve) => (this.open = resolve))
  }

  class Asking extends LineReceiver {
    readonly #response = new Latch()
    name = ''
    override async connectionMade(): Promise<void> {
      this.sendLine('name?')
      await this.#response.opened
    }
    override lineReceived(line: Buffer): void {
      this.name = line.toString()
      this.#response.open()
    }
  }

  class Waiting extends Recorder {
    gates: Latch[] = []
    override dataReceived(data: Buffer): Promise<void> {
      void super.dataReceived(data)
      const gate = new Latch()
      this.gates.push(gate)
      return gate.opened
    }
  }

  describe('a callback with a promise that has not settled for 10 s', () => {
    const warnings = (transport: StringTransport): unknown[] =>
      transport.reactor.logged.map(({ level, text, fields, connection }) => [
        level,
        text,
        fields,
        connection?.protocol,
      ])
    const pass = async (transport: StringTransport, ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 100) {
        transport.reactor.advance(100)
        await transport.reactor.settle()
      }
    }

    test('is logged once, with its name and the waiting bytes, when connectionMade awaits the response', async () => {
      const transport = StringTransport.connect(new Asking())
      await pass(transport, 60_000)
      expect(transport.reactor.logged).toEqual([])
      transport.receive('Ann')
      await pass(transport, 9_800)
      expect(transport.reactor.logged).toEqual([])
      transport.receive('\r\n')
      await pass(transport, 300)
      expect(warnings(transport)).toEqual([
        [
          'warn',
          'The promise of {callback} has not settled for 10 s, and {bytes} received bytes wait for it',
          { callback: 'connectionMade', bytes: 5 },
          'Asking',
        ],
      ])
      transport.receive('more')
      await pass(transport, 60_000)
      expect(transport.reactor.logged).toHaveLength(1)
      transport.abortConnection()
      await transport.reactor.settle()
      expect(transport.reactor.getDelayedCalls()).toEqual([])
    })

    test('is logged when only the end of input waits', async () => {
      const transport = new StringTransport()
      const pending = new Latch().opened
      const stuck = new StuckCallback(transport, { pending, heldBytes: 0, owesEnd: true }, () => ({
        protocol: undefined,
        callback: 'dataReceived',
      }))
      stuck.watch(pending)
      await pass(transport, 10_100)
      expect(warnings(transport)).toEqual([
        [
          'warn',
          'The promise of {callback} has not settled for 10 s, and the end of input waits for it',
          { callback: 'dataReceived', bytes: 0 },
          'no protocol',
        ],
      ])
    })

    test('is measured again from the start for the next pending callback', async () => {
      const transport = new StringTransport()
      const [first, second] = [new Latch(), new Latch()]
      const input = { pending: first.opened, heldBytes: 1, owesEnd: false }
      const stuck = new StuckCallback(transport, input, () => ({
        protocol: undefined,
        callback: 'dataReceived',
      }))
      stuck.watch(first.opened)
      await pass(transport, 5_000)
      input.pending = second.opened
      first.open()
      await pass(transport, 9_800)
      expect(transport.reactor.logged).toEqual([])
      await pass(transport, 300)
      expect(transport.reactor.logged).toHaveLength(1)
    })

    test('is not logged while no input waits for it, or when another callback is pending by then', async () => {
      const protocol = new Waiting()
      const transport = StringTransport.connect(protocol)
      transport.receive('one')
      await pass(transport, 30_000)
      for (let piece = 0; piece < 6; piece++) {
        transport.receive('more')
        await pass(transport, 6_000)
        protocol.gates.shift()?.open()
        await transport.reactor.settle()
      }
      protocol.gates.shift()?.open()
      await transport.reactor.settle()
      expect([transport.reactor.logged, transport.reactor.getDelayedCalls()]).toEqual([[], []])
    })

    test('is not logged for a protocol that uses backpressure, nor for one that was replaced', async () => {
      const stream = new (class extends StreamProtocol {
        override readonly maxBufferedBytes = 1
        override async run(reader: StreamReader): Promise<void> {
          await new Latch().opened
          await reader.read()
        }
      })()
      const held = StringTransport.connect(stream)
      held.receive('many bytes')
      held.receive('and more')
      const replaced = StringTransport.connect(new Waiting())
      replaced.receive('one')
      replaced.receive('two')
      replaced.switchProtocol(new Recorder())
      for (const transport of [held, replaced]) {
        await pass(transport, 30_000)
        expect(transport.reactor.logged).toEqual([])
      }
    })
  })
})
