import { describe, expect, test } from 'vitest'
import { chunkings } from '../../src/testing.ts'

describe('chunkings', () => {
  test('yields the whole, single bytes and every cut into two pieces', () => {
    const cuts = Array.from(chunkings('abc'), (pieces) => pieces.map(String))
    expect(cuts).toEqual([['abc'], ['a', 'b', 'c'], ['a', 'bc'], ['ab', 'c']])
  })
})
