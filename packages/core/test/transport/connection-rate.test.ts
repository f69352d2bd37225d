import { expect, test } from 'vitest'
import { TokenBucket } from '../../src/policies.ts'
import { Clock } from '../../src/testing.ts'
import { ConnectionRate } from '../../src/transport/connection-rate.ts'

test('ConnectionRate limits to the lowest of its rates, and calls back once when bytes may pass', () => {
  const [clock, calls] = [new Clock(), [] as number[]]
  const rate = new ConnectionRate(
    [new TokenBucket(1000), new TokenBucket(10)],
    clock,
    () => calls.push(clock.now()),
    () => undefined,
  )
  expect(rate.available()).toBe(10)
  rate.passed(10)
  expect(rate.available()).toBe(0)
  rate.wait()
  rate.wait()
  clock.advance(100)
  expect([calls, rate.available()]).toEqual([[100], 1])
  rate.passed(1)
  rate.wait()
  rate.stop()
  expect(clock.getDelayedCalls()).toEqual([])
})
