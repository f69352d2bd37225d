import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing/clock.ts'
import { AddressRace, type AttemptEvents } from '../../src/transport/address-race.ts'

describe('AddressRace', () => {
  interface Ran {
    readonly clock: Clock
    readonly seen: string[]
    readonly attempts: Map<string, AttemptEvents<string>>
    readonly race: AddressRace<string>
  }

  const run = (
    hosts: readonly string[],
    during?: (host: string, events: AttemptEvents<string>) => void,
  ): Ran => {
    const [clock, seen, attempts] = [new Clock(), [] as string[], new Map<string, AttemptEvents<string>>()]
    const race = new AddressRace<string>(
      {
        time: clock,
        attemptDelayMs: 250,
        attempt: (host, events) => {
          seen.push(`${host} at ${clock.now()}`)
          attempts.set(host, events)
          during?.(host, events)
          return { cancel: () => seen.push(`${host} cancelled`) }
        },
      },
      hosts,
      {
        won: (connection) => seen.push(`won by ${connection}`),
        lost: (errors) => seen.push(`lost: ${errors.map(({ message }) => message).join(', ')}`),
      },
    )
    race.begin()
    return { clock, seen, attempts, race }
  }

  test('tries the next address beside the one before after the delay, and keeps the first that is up', () => {
    const { clock, seen, attempts } = run(['a', 'b', 'c'])
    clock.advance(249)
    expect(seen).toEqual(['a at 0'])
    clock.advance(1)
    attempts.get('a')?.up('a')
    expect(seen).toEqual(['a at 0', 'b at 250', 'b cancelled', 'won by a'])
    expect(clock.getDelayedCalls()).toEqual([])
  })

  test('lets a slow address win after all others have failed', () => {
    const { clock, seen, attempts } = run(['a', 'b'])
    clock.advance(250)
    attempts.get('b')?.failed(new Error('b refused'))
    clock.advance(20_000)
    attempts.get('a')?.up('a')
    expect(seen).toEqual(['a at 0', 'b at 250', 'won by a'])
  })

  test('tries the next address at once when one fails, and loses with the failures in their order', () => {
    const { clock, seen, attempts } = run(['a', 'b', 'c'])
    clock.advance(100)
    attempts.get('a')?.failed(new Error('a'))
    attempts.get('b')?.failed(new Error('b'))
    attempts.get('c')?.failed(new Error('c'))
    expect(seen).toEqual(['a at 0', 'b at 100', 'c at 100', 'lost: a, b, c'])
    expect(clock.getDelayedCalls()).toEqual([])
  })

  test('takes what an attempt throws or notifies at once for its outcome', () => {
    const thrown = run(['a', 'b'], (host, { up }) => {
      if (host === 'a') throw new Error('nonsense')
      up(host)
    })
    expect([thrown.seen, thrown.clock.getDelayedCalls()]).toEqual([['a at 0', 'b at 0', 'won by b'], []])
    const failing = run(['a', 'b'], (host, { failed }) => failed(new Error(host)))
    expect([failing.seen, failing.clock.getDelayedCalls()]).toEqual([['a at 0', 'b at 0', 'lost: a, b'], []])
  })

  test('ends once: what comes after it, or twice, changes nothing', () => {
    const { seen, attempts, clock } = run(['a', 'b'])
    clock.advance(250)
    attempts.get('a')?.up('a')
    attempts.get('a')?.failed(new Error('a'))
    attempts.get('b')?.up('b')
    attempts.get('b')?.failed(new Error('b'))
    expect(seen.filter((what) => /won|lost/.test(what))).toEqual(['won by a'])
  })

  test('gives all attempts up when it is cancelled, and notifies nothing', () => {
    const { clock, seen, attempts, race } = run(['a', 'b', 'c'])
    clock.advance(250)
    race.cancel()
    race.cancel()
    attempts.get('a')?.up('a')
    attempts.get('b')?.failed(new Error('b'))
    clock.advance(1000)
    expect(seen).toEqual(['a at 0', 'b at 250', 'a cancelled', 'b cancelled'])
    expect(clock.getDelayedCalls()).toEqual([])
  })
})
