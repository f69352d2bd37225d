import { describe, expect, test } from 'vitest'
import type { ProtocolEvents } from '../../src/interfaces/protocol-events.ts'
import { Gate } from '../../src/checks/assertions.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'
import { CurrentProtocol } from '../../src/transport/current-protocol.ts'

describe('CurrentProtocol', () => {
  const make = (): { current: CurrentProtocol; faults: [ProtocolEvents | undefined, unknown][] } => {
    const faults: [ProtocolEvents | undefined, unknown][] = []
    class Transport extends StringTransport {
      override callbackFailed(protocol: ProtocolEvents | undefined, error: unknown): void {
        faults.push([protocol, error])
      }
    }
    const current = new CurrentProtocol({ context: undefined }, new Transport())
    return { current, faults }
  }

  test('tells nobody before the first', () => {
    const { current, faults } = make()
    expect(current.tell(() => expect.unreachable())).toBeUndefined()
    expect(current.deliver(Buffer.from('x'))).toBeUndefined()
    expect([current.protocol, faults]).toEqual([undefined, []])
  })

  test('answers who read before', () => {
    const { current } = make()
    const [first, second] = [new Recorder(), new Recorder()]
    expect(current.replace(first)).toBeUndefined()
    expect(current.replace(second)).toBe(first)
    expect(current.protocol).toBe(second)
  })

  test('passes faults on with the protocol whose they are, thrown or rejected', async () => {
    const { current, faults } = make()
    const fault = new Error('a fault')
    const protocol = new (class extends Recorder {
      override async dataReceived(): Promise<void> {
        throw fault
      }
    })()
    current.replace(protocol)
    await current.deliver(Buffer.from('x'))
    void current.tell(() => {
      throw fault
    })
    expect(faults).toEqual([
      [protocol, fault],
      [protocol, fault],
    ])
  })

  test('drains at once a protocol that cannot be asked, and one that can when it is done', async () => {
    const { current } = make()
    const [drained, gate] = [[] as string[], new Gate()]
    current.drain(() => drained.push('nobody'))
    current.replace(new Recorder())
    current.drain(() => drained.push('at once'))
    current.replace(Object.assign(new Recorder(), { drain: () => undefined }))
    current.drain(() => drained.push('without a promise'))
    current.replace(Object.assign(new Recorder(), { drain: () => gate.opened }))
    current.drain(() => drained.push('later'))
    expect(drained).toEqual(['nobody', 'at once', 'without a promise'])
    gate.open()
    await gate.opened
    await Promise.resolve()
    expect(drained).toEqual(['nobody', 'at once', 'without a promise', 'later'])
  })

  test('waits for nobody who was replaced meanwhile', () => {
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
