import { expect, test } from 'vitest'
import { ProtocolTimeout } from '../../src/policy/protocol-timeout.ts'
import { Clock } from '../../src/testing/clock.ts'

test('ProtocolTimeout answers what was set before, begins anew, and ends (statement 95, row 182)', () => {
  const [clock, told] = [new Clock(), [] as number[]]
  const timeout = new ProtocolTimeout(clock, () => told.push(clock.now()))
  timeout.resetTimeout()
  expect(clock.getDelayedCalls()).toEqual([])
  expect(timeout.setTimeout(500)).toBeUndefined()
  clock.advance(400)
  timeout.resetTimeout()
  clock.advance(400)
  expect(timeout.setTimeout(100)).toBe(500)
  clock.advance(100)
  expect(told).toEqual([900])
  expect(timeout.setTimeout(100)).toBeUndefined()
  expect(timeout.setTimeout(undefined)).toBe(100)
  expect(clock.getDelayedCalls()).toEqual([])
})
