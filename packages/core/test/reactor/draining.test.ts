import { describe, expect, test } from 'vitest'
import type { StopReport } from '../../src/index.ts'
import { MemoryReactor, StringTransport } from '../../src/testing.ts'
import { DrainedConnections, logReport } from '../../src/reactor/draining.ts'
import { OneProtocol } from '../one-protocol.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { passTime } from '../pass-time.ts'

/** Records when `drain` is called; closes at once. */
class Asked extends Recorder {
  askedMs: number | undefined

  drain(): void {
    this.askedMs = this.transport.reactor.now()
  }
}

/** A reactor with `count` connections between an `Asked` and a client that waits for it. */
async function reactorWith(count: number): Promise<{ reactor: MemoryReactor; asked: Asked[] }> {
  const [reactor, asked] = [new MemoryReactor(), [] as Asked[]]
  void reactor.run()
  for (let port = 1; port <= count; port++) {
    const server = new Asked()
    asked.push(server)
    await reactor.listenTCP(port, new OneProtocol(server))
    const client = Object.assign(new Recorder(), { drain: () => new Promise<void>(() => undefined) })
    reactor.connectTCP('server', port, new OneProtocol(client))
    await reactor.settle()
  }
  return { reactor, asked }
}

describe('DrainedConnections', () => {
  test('drains all connections at once without drainOverMs', async () => {
    const { reactor, asked } = await reactorWith(3)
    void reactor.stop()
    await reactor.settle()
    expect(asked.map(({ askedMs }) => askedMs)).toEqual([0, 0, 0])
  })

  test('drains the oldest first, evenly over drainOverMs', async () => {
    const { reactor, asked } = await reactorWith(4)
    const stop = reactor.stop({ drainOverMs: 800, drainMs: 1000 })
    await passTime(reactor, 800)
    await stop
    // The clients are connections of this reactor too, and alternate with the servers.
    expect(asked.map(({ askedMs }) => askedMs)).toEqual([0, 200, 400, 600])
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('waits drainMs from the end of drainOverMs', async () => {
    const reactor = new MemoryReactor()
    const running = reactor.run()
    const stubborn = Object.assign(new Recorder(), { drain: () => new Promise<void>(() => undefined) })
    await reactor.listenTCP(80, new OneProtocol(stubborn))
    reactor.connectTCP(
      'server',
      80,
      new OneProtocol(Object.assign(new Recorder(), { drain: stubborn.drain })),
    )
    await reactor.settle()
    void reactor.stop({ drainOverMs: 300, drainMs: 200 })
    await passTime(reactor, 499)
    expect(stubborn.lost).toBe(false)
    await passTime(reactor, 1)
    expect((await running).aborted).toHaveLength(2)
  })

  test('reports connections that began late and were aborted, and attempts that have a label', () => {
    const reactor = new MemoryReactor()
    StringTransport.connect(new Recorder(), { reactor })
    const [connection] = reactor.registry.registered
    const attempts = ['sort 1', 'sort 2', undefined].map((label) => ({
      label,
      stopConnecting: () => undefined,
    }))
    const drained = new DrainedConnections(reactor, 0, [], attempts)
    drained.deadlineExpired([connection!, ...attempts.slice(1)])
    expect(drained.report()).toEqual({ completed: ['sort 1'], aborted: ['sort 2', connection?.label] })
  })
})

describe('logReport', () => {
  const logOf = (report: StopReport): unknown[] => {
    const reactor = new MemoryReactor()
    logReport(report, reactor)
    return reactor.logged.map(({ level, fields }) => [level, fields])
  }
  const labels = (count: number): string[] => Array.from({ length: count }, (_, at) => `Echo ${at + 1}`)

  test('counts the connections that finished, and names at most ten that were aborted', () => {
    expect(logOf({ completed: [], aborted: [] })).toEqual([])
    expect(logOf({ completed: labels(3), aborted: [] })).toEqual([])
    expect(logOf({ completed: labels(3), aborted: [], signal: 'SIGINT' })).toEqual([
      ['info', { completed: 3 }],
    ])
    expect(logOf({ completed: labels(3), aborted: labels(2) })).toEqual([
      ['info', { completed: 3 }],
      ['warn', { aborted: 2, labels: 'Echo 1, Echo 2' }],
    ])
    expect(logOf({ completed: [], aborted: labels(10) })).toEqual([
      ['warn', { aborted: 10, labels: labels(10).join(', ') }],
    ])
    expect(logOf({ completed: [], aborted: labels(12) })).toEqual([
      ['warn', { aborted: 12, labels: `${labels(10).join(', ')} and 2 more` }],
    ])
  })
})
