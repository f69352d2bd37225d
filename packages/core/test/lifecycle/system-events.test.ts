import { describe, expect, test } from 'vitest'
import type { LogEvent } from '../../src/interfaces/log.ts'
import { SystemEvents } from '../../src/lifecycle/system-events.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { Gate } from '../../src/testing/checks/gate.ts'

describe('SystemEvents', () => {
  const make = (): { events: SystemEvents; logged: LogEvent[]; ran: string[] } => {
    const logged: LogEvent[] = []
    return { events: new SystemEvents((event) => logged.push(event)), logged, ran: [] }
  }

  test('runs before, during, after, each in the order of registration (statement 68)', async () => {
    const { events, ran } = make()
    for (const phase of ['after', 'during', 'before'] as const) {
      events.add(phase, 'startup', () => ran.push(`${phase} 1`))
      events.add(phase, 'shutdown', () => ran.push('never'))
      events.add(phase, 'startup', () => ran.push(`${phase} 2`))
    }
    await events.fire('startup')
    expect(ran).toEqual(['before 1', 'before 2', 'during 1', 'during 2', 'after 1', 'after 2'])
  })

  test('waits for the promises of one phase before the next (statement 69)', async () => {
    const { events, ran } = make()
    const [slow, slower] = [new Gate(), new Gate()]
    events.add('before', 'shutdown', () => slow.opened)
    events.add('before', 'shutdown', () => slower.opened)
    events.add('during', 'shutdown', () => ran.push('during'))
    const fired = events.fire('shutdown')
    slow.open()
    await slow.opened
    expect(ran).toEqual([])
    slower.open()
    await fired
    expect(ran).toEqual(['during'])
  })

  test('logs a trigger that throws or rejects, and runs the others (statement 33)', async () => {
    const { events, logged, ran } = make()
    const [thrown, rejected] = [new Error('thrown'), new Error('rejected')]
    events.add('before', 'startup', () => {
      throw thrown
    })
    events.add('before', 'startup', () => Promise.reject(rejected))
    events.add('before', 'startup', () => ran.push('same phase'))
    events.add('after', 'startup', () => ran.push('next phase'))
    await events.fire('startup')
    expect(ran).toEqual(['same phase', 'next phase'])
    expect(logged.map(({ error }) => error)).toEqual([thrown, rejected])
    expect(logged[0]?.text).toBe('A trigger before startup failed')
  })

  test('runs a trigger every time, until it is removed', async () => {
    const { events, ran } = make()
    const id = events.add('before', 'startup', () => ran.push('ran'))
    await events.fire('startup')
    await events.fire('startup')
    events.remove(id)
    events.remove(id)
    await events.fire('startup')
    expect(ran).toEqual(['ran', 'ran'])
  })

  test('refuses a phase, an event or a call that does not exist', () => {
    const { events } = make()
    const add = events.add.bind(events) as (...args: unknown[]) => unknown
    const refused: readonly (readonly [unknown[], string])[] = [
      [['soon', 'shutdown', () => 1], `Cannot take phase "soon" for addSystemEventTrigger`],
      [['before', 'stop', () => 1], `Cannot take event "stop" for addSystemEventTrigger`],
      [['before', 'shutdown', 'stop'], `Cannot take call "stop" for addSystemEventTrigger`],
    ]
    for (const [args, why] of refused) expect(() => add(...args)).toThrow(why)
  })

  test('waits for each trigger of a phase no longer than it is given', async () => {
    const { events, logged, ran } = make()
    const [reactor, except, slow] = [new MemoryReactor(), Promise.resolve(), new Gate()]
    events.add('before', 'shutdown', () => slow.opened)
    events.add('before', 'shutdown', function hanging() {
      return new Promise(() => undefined)
    })
    const fired = events.firePhase('before', 'shutdown', { reactor, triggerMs: 100, except })
    void fired.then(() => ran.push('over'))
    slow.open()
    await reactor.settle()
    reactor.advance(99)
    await reactor.settle()
    expect([ran, logged]).toEqual([[], []])
    reactor.advance(1)
    await fired
    expect(logged).toMatchObject([{ level: 'error', label: 'hanging', fields: { triggerMs: 100 } }])
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('does not wait for a trigger that returns the stop it is a part of', async () => {
    const { events } = make()
    const [reactor, except] = [new MemoryReactor(), new Promise(() => undefined)]
    events.add('before', 'shutdown', () => except)
    await events.firePhase('before', 'shutdown', { reactor, triggerMs: 100, except })
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('leaves out the phases that are no longer wanted', async () => {
    const { events, ran } = make()
    let wanted = true
    events.add('before', 'startup', () => {
      ran.push('before')
      wanted = false
    })
    events.add('during', 'startup', () => ran.push('during'))
    await events.fire('startup', () => wanted)
    expect(ran).toEqual(['before'])
  })
})
