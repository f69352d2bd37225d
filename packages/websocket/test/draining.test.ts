import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { Draining } from '../src/draining.ts'

describe('Draining', () => {
  function waiting(): { reactor: MemoryReactor; draining: Draining; settled: string[] } {
    const reactor = new MemoryReactor()
    const draining = new Draining(reactor)
    const settled: string[] = []
    void draining.callbacks(2000).then(() => settled.push('callbacks'))
    void draining.gone.then(() => settled.push('gone'))
    return { reactor, draining, settled }
  }

  test('waits until idle is called', async () => {
    const { reactor, draining, settled } = waiting()
    await reactor.settle()
    expect(settled).toEqual([])
    draining.idle()
    await reactor.settle()
    expect(settled).toEqual(['callbacks'])
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('waits no longer than the grace period', async () => {
    const { reactor, settled } = waiting()
    reactor.advance(1999)
    await reactor.settle()
    expect(settled).toEqual([])
    reactor.advance(101)
    await reactor.settle()
    expect(settled).toEqual(['callbacks'])
  })

  test('ends both waits once the connection is gone', async () => {
    const { reactor, draining, settled } = waiting()
    draining.over()
    await reactor.settle()
    expect(settled.toSorted()).toEqual(['callbacks', 'gone'])
    expect(reactor.getDelayedCalls()).toEqual([])
  })
})
