import { expect, test } from 'vitest'
import { Layered } from '../src/layered.ts'

test('layers end independently, in any order, and leave what was set below them', () => {
  const changes: number[] = []
  const value = new Layered(20, (now) => changes.push(now))
  const first = value.add((below) => below + 50)
  const second = value.add((below) => below * 2)
  expect(value.value).toBe(140)
  first()
  first()
  expect(value.value).toBe(40)
  value.set(5)
  expect(value.value).toBe(10)
  second()
  expect([value.value, changes]).toEqual([5, [70, 140, 40, 10, 5]])
})

test('reset removes all layers', () => {
  const value = new Layered(false)
  const end = value.add(() => true)
  value.reset(false)
  expect(value.value).toBe(false)
  end()
  expect(value.value).toBe(false)
})
