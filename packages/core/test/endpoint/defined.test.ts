import { expect, test } from 'vitest'
import { defined } from '../../src/endpoint/defined.ts'

test('defined leaves out what is undefined, and nothing else', () => {
  expect(Object.keys(defined({ a: undefined, b: 0, c: '', d: false, e: undefined }))).toEqual(['b', 'c', 'd'])
})
