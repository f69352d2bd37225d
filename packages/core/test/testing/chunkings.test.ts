import { describe, expect, test } from 'vitest'
import { chunkings } from '../../src/testing/chunkings.ts'

describe('chunkings', () => {
  test('yields the whole, single bytes and every cut in two', () => {
    const cuts = Array.from(chunkings('abc'), (pieces) => pieces.map(String))
    expect(cuts).toEqual([['abc'], ['a', 'b', 'c'], ['a', 'bc'], ['ab', 'c']])
  })
})
