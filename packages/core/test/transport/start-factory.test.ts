import { describe, expect, test } from 'vitest'
import { Factory } from '../../src/protocol/factory.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { startFactory } from '../../src/transport/start-factory.ts'

/** Fails to start, at once or later. */
class Failing extends Factory {
  readonly #start: () => void | Promise<void>

  constructor(start: () => void | Promise<void>) {
    super()
    this.#start = start
  }

  override buildProtocol(): Recorder {
    return new Recorder()
  }

  override startFactory(): void | Promise<void> {
    return this.#start()
  }
}

describe('startFactory', () => {
  const fault = new Error('no database')
  const rejecting = (): Promise<never> => Promise.reject(fault)

  test('lets what is thrown through, and logs what a promise rejects with', async () => {
    const reactor = new MemoryReactor()
    const throwing = new Failing(() => {
      throw fault
    })
    expect(() => startFactory(throwing, reactor)).toThrow(fault)
    startFactory(new Failing(rejecting), reactor)
    await reactor.settle()
    expect(reactor.logged.map(({ text, error }) => [text, error])).toEqual([
      ['A factory failed to start', fault],
    ])
  })

  test('keeps the process from ending for a port and for a connector', async () => {
    const reactor = new MemoryReactor()
    await reactor.listenTCP(80, new Failing(rejecting))
    reactor.connectTCP('localhost', 80, new Failing(rejecting))
    await reactor.settle()
    expect(reactor.flushLoggedErrors(Error)).toEqual([fault, fault])
  })
})
