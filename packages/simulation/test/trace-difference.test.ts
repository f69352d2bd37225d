import { expect, test } from 'vitest'
import { describeDifference, firstDifference } from '../src/trace-difference.ts'
import { Trace } from '../src/trace.ts'

function traceOf(events: readonly string[], maxArrows?: number): Trace {
  const trace = new Trace(() => 1, maxArrows)
  for (const what of events) trace.note('a', what)
  return trace
}

test('firstDifference finds the first line at which two traces differ', () => {
  expect(firstDifference(traceOf(['x', 'y']), traceOf(['x', 'y']))).toBeUndefined()
  const difference = firstDifference(traceOf(['x', 'y', 'z']), traceOf(['x', 'q', 'z']))
  expect(difference).toEqual({ line: 2, one: '1.000 a y', other: '1.000 a q' })
  expect(difference && describeDifference(difference)).toBe(
    'The traces differ first in line 2:\n    1.000 a y\n    1.000 a q',
  )
})

test('firstDifference finds the end of the shorter trace', () => {
  const difference = firstDifference(traceOf(['x']), traceOf(['x', 'y']))
  expect(difference && describeDifference(difference)).toContain('line 2:\n    (the end)\n    1.000 a y')
})

test('firstDifference compares what both traces have kept', () => {
  const events = Array.from({ length: 10 }, (_, at) => String(at))
  expect(firstDifference(traceOf(events, 2), traceOf(events))).toBeUndefined()
  expect(firstDifference(traceOf(events, 2), traceOf([...events, 'more']))?.line).toBe(11)
})
