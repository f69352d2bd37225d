import { describe, expect, test } from 'vitest'
import { LineReceiver, type StreamReader, StreamProtocol } from '../../src/index.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { StringTransport } from '../../src/testing.ts'
import { StuckCallback } from '../../src/transport/stuck-callback.ts'

/** A promise that is settled by hand. */
class Gate {
  open = (): void => undefined
  readonly opened: Promise<void> = new Promise((resolve) => (this.open = resolve))
}

class Asking extends LineReceiver {
  readonly #answer = new Gate()
  name = ''
  override async connectionMade(): Promise<void> {
    this.sendLine('name?')
    await this.#answer.opened
  }
  override lineReceived(line: Buffer): void {
    this.name = line.toString()
    this.#answer.open()
  }
}

class Waiting extends Recorder {
  gates: Gate[] = []
  override dataReceived(data: Buffer): Promise<void> {
    void super.dataReceived(data)
    const gate = new Gate()
    this.gates.push(gate)
    return gate.opened
  }
}

describe('a callback that has not returned for 10 s', () => {
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

  test('is logged once, by name, with how much waits: connectionMade that awaits its own answer', async () => {
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
        'The promise of {callback} has not settled for 10 s, and {bytes} bytes that have come must wait for it',
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

  test('is logged when the end alone waits', async () => {
    const transport = new StringTransport()
    const pending = new Gate().opened
    const stuck = new StuckCallback(transport, { pending, heldBytes: 0, owesEnd: true }, () => ({
      protocol: undefined,
      callback: 'dataReceived',
    }))
    stuck.watch(pending)
    await pass(transport, 10_100)
    expect(warnings(transport)).toEqual([
      [
        'warn',
        "The promise of {callback} has not settled for 10 s, and the peer's end must wait for it",
        { callback: 'dataReceived', bytes: 0 },
        'no protocol',
      ],
    ])
  })

  test('is watched anew when the next callback is pending in its turn', async () => {
    const transport = new StringTransport()
    const [first, second] = [new Gate(), new Gate()]
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

  test('is no matter while nothing waits for it, or another one is pending by then', async () => {
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

  test('is not logged for a protocol that holds its peer back on purpose, nor for one that was replaced', async () => {
    const stream = new (class extends StreamProtocol {
      override readonly maxBufferedBytes = 1
      override async run(reader: StreamReader): Promise<void> {
        await new Gate().opened
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
