import { expect, test } from 'vitest'
import { TokenBucket } from '../../src/policy/token-bucket.ts'
import { Clock } from '../../src/testing/clock.ts'
import { Pace } from '../../src/transport/pace.ts'

test('Pace keeps to the slowest of its rates, and asks again once when bytes may pass', () => {
  const [clock, told] = [new Clock(), [] as number[]]
  const pace = new Pace(
    [new TokenBucket(1000), new TokenBucket(10)],
    clock,
    () => told.push(clock.now()),
    () => undefined,
  )
  expect(pace.available()).toBe(10)
  pace.passed(10)
  expect(pace.available()).toBe(0)
  pace.wait()
  pace.wait()
  clock.advance(100)
  expect([told, pace.available()]).toEqual([[100], 1])
  pace.passed(1)
  pace.wait()
  pace.stop()
  expect(clock.getDelayedCalls()).toEqual([])
})
