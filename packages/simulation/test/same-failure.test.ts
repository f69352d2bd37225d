import { expect, test } from 'vitest'
import { SimulationFailed } from '../src/run-loop.ts'
import { isSameFailure, reasonOf, userFrames } from '../src/same-failure.ts'

const thrownHere = (message: string): Error => new Error(message)

test('failures are the same when their messages differ in numbers only', () => {
  const [one, other] = [new SimulationFailed('0-1', 5, 'lost 3 of 10', undefined), new Error('lost 4.5 of 9')]
  expect(isSameFailure(one, other)).toBe(true)
  expect(isSameFailure(one, new Error('late by 3 of 10'))).toBe(false)
  expect(isSameFailure('text 1', 'text 2')).toBe(true)
})

test('failures are the same when they were thrown at the same place of the program', () => {
  const [one, two] = ['ann is missing', 'bob is missing'].map(thrownHere)
  expect(isSameFailure(one, two)).toBe(true)
  expect(isSameFailure(one, new Error('ann is missing here'))).toBe(false)
  expect(isSameFailure(new SimulationFailed('1', 1, 'a failed', one), two)).toBe(true)
})

test('userFrames has the frames of the innermost cause that has any', () => {
  const [frame] = userFrames(new SimulationFailed('1', 1, 'a failed', thrownHere('x')))
  expect(frame).toMatch(/thrownHere .*same-failure\.test\.ts:5/)
  expect(userFrames('no error')).toEqual([])
})

test('reasonOf leaves out the seed and the time', () => {
  expect(reasonOf(new SimulationFailed('0-1', 5, 'a failed', new Error('x')))).toBe('a failed: x')
  expect(reasonOf(7)).toBe('7')
})
