import { Factory, Protocol } from '@ropewalk/core'
import type { LogEvent } from '@ropewalk/core/log'
import { describe, expect, test } from 'vitest'
import { type ErrorMatch, ExpectedErrors, textOfError } from '../src/expected-errors.ts'
import { Simulation } from '../src/index.ts'
import { OneProtocol } from './simulated-harness.ts'

const event: LogEvent = {
  level: 'error',
  text: 'Cannot store {name}',
  fields: { name: 'a' },
  error: new Error('write', { cause: new Error('disk full') }),
}

class Greeting extends Protocol {
  override connectionMade(): void {
    this.transport.write('hello')
    this.transport.loseConnection()
  }
}

describe('ExpectedErrors', () => {
  test('textOfError has the event, its error and the causes', () => {
    expect(textOfError(event)).toBe('Cannot store a: write: disk full')
    expect(textOfError({ level: 'error', text: 'odd', error: { code: 7 } })).toBe('odd: {"code":7}')
  })

  test.each<[ErrorMatch, boolean]>([
    ['disk full', true],
    ['disk empty', false],
    [/store \w: /, true],
    [/^write/, false],
    [(_event, host) => host === 'server', true],
    [({ level }) => level === 'critical', false],
  ])('matches by a string, a pattern or a function: %s', (match, allowed) => {
    const errors = new ExpectedErrors()
    errors.expect(match)
    expect(errors.allows(event, 'server')).toBe(allowed)
    expect(errors.missing.length).toBe(allowed ? 0 : 1)
  })

  test('counts, and allows no more than the most', () => {
    const errors = new ExpectedErrors()
    errors.expect('disk full', { least: 2, most: 2 })
    errors.expect('never', { least: 0 })
    expect(errors.allows(event, 'a')).toBe(true)
    expect(errors.missing).toEqual([
      'expectError: an error that matches "disk full" was expected 2 times and came once',
    ])
    expect([errors.allows(event, 'a'), errors.allows(event, 'a')]).toEqual([true, false])
    expect(errors.missing).toEqual([])
  })
})

describe('Simulation', () => {
  const failing = (sim: Simulation): void => {
    sim.host('server', (reactor) => {
      reactor.log({ level: 'warn', text: 'about to fail' })
      reactor.callLater(5, () => {
        throw new Error('expected 1, got 2')
      })
    })
  }

  test('fails at the first error in the log of a host, with the events before it', async () => {
    const sim = new Simulation({ seed: 3 })
    failing(sim)
    await expect(sim.run(100)).rejects.toThrow(
      [
        'Seed 3 at 5.000 ms: server logged an error: A delayed call failed: expected 1, got 2',
        '  The last events:',
        '    0.000 server starts',
        '    0.000 server logs (warn) about to fail',
        '    5.000 server logs (error) A delayed call failed: expected 1, got 2',
      ].join('\n'),
    )
  })

  test.each(['connectionMade', 'dataReceived', 'connectionLost'] as const)(
    'fails when %s of a protocol throws',
    async (callback) => {
      class Throwing extends Protocol {}
      Throwing.prototype[callback] = () => {
        throw new Error('expected 1, got 2')
      }
      const sim = new Simulation({ seed: 3 })
      sim.host('server', (reactor) => reactor.listenTCP(7, Factory.forProtocol(Throwing)))
      sim.host('client', (reactor) => {
        const greeting = new Greeting()
        reactor.connectTCP('server', 7, new OneProtocol(greeting))
      })
      await expect(sim.run(1000)).rejects.toThrow(
        /^Seed 3 at .*: server logged an error: .*expected 1, got 2/,
      )
    },
  )

  test('does not fail for an expected error, and fails at its end when that did not come', async () => {
    const sim = new Simulation({ seed: 3 })
    failing(sim)
    sim.expectError('got 2')
    sim.expectError(/never/)
    await sim.run(100)
    expect(() => sim.finish()).toThrow(
      'expectError: an error that matches /never/ was expected once and came never',
    )
  })

  test('fails for an error that was logged before a crash, and keeps the log of every life', async () => {
    const sim = new Simulation({ seed: 3 })
    const host = sim.host('server', (reactor) => reactor.log({ level: 'critical', text: 'gone' }))
    sim.expectError('gone', { most: 1 })
    sim.at(1, () => host.crash())
    sim.at(2, () => host.start())
    await expect(sim.run(10)).rejects.toThrow('Seed 3 at 2.000 ms: server logged a critical event: gone')
    expect(host.logged.map(({ text }) => text)).toEqual(['gone', 'gone'])
  })

  test('refuses what is not a match', () => {
    const sim = new Simulation({ seed: 3 })
    expect(() => sim.expectError(7 as never)).toThrow('give a string, a RegExp or a function')
    expect(() => sim.expectError('a', { leest: 0 } as never)).toThrow('did you mean least?')
  })
})
