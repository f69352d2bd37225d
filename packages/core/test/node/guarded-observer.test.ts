import { describe, expect, test } from 'vitest'
import type { LogEvent } from '../../src/contracts/log.ts'
import { guarded } from '../../src/node/guarded-observer.ts'
import { createReactor } from '../../src/node/node-reactor.ts'
import { Factory } from '../../src/protocol/factory.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { OneProtocol } from '../one-protocol.ts'
import { portOf, until } from './socket-harness.ts'

describe('guarded', () => {
  const fault = new Error('no disk')
  const broken = (): never => {
    throw fault
  }

  test('tells the fault and the event to another, and nobody else (statement 138)', () => {
    const told: LogEvent[] = []
    const event: LogEvent = { level: 'info', text: 'something' }
    guarded(broken, (other) => told.push(other))(event)
    expect(told).toEqual([{ level: 'error', text: 'A log observer failed', error: fault }, event])
  })

  test('leaves a sound observer alone', () => {
    const told: LogEvent[] = []
    guarded((event) => told.push(event), broken)({ level: 'info', text: 'something' })
    expect(told).toHaveLength(1)
  })

  test('lets a reactor abort the connection of a fault it cannot log', async () => {
    const told: LogEvent[] = []
    const reactor = createReactor({ log: guarded(broken, (event) => told.push(event)) })
    class Failing extends Recorder {
      override dataReceived(): never {
        throw new Error('a fault')
      }
    }
    const port = await reactor.listenTCP(0, Factory.forProtocol(Failing), { interface: '127.0.0.1' })
    const client = new Recorder()
    await reactor.connectTCP('127.0.0.1', portOf(port), new OneProtocol(client)).whenConnected()
    client.transport.write('x')
    await until(() => client.lost)
    await port.stopListening()
    expect([...reactor.connections]).toEqual([])
    expect(told.map(({ text }) => text)).toContain('A log observer failed')
  })
})
