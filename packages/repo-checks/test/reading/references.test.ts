import { describe, expect, test } from 'vitest'
import { referencesOf } from '../../src/reading/references.ts'
import { Source } from '../../src/reading/source.ts'

describe('referencesOf', () => {
  test.each([
    ['a()', ['a']],
    ['a.b.c()', ['a']],
    ['f(a)', ['f', 'a']],
    ['a[b]', ['a', 'b']],
    ['({ a: b, c })', ['b', 'c']],
    ['class A { b = c; d() {} }', ['A', 'c']],
    ["import { a as b } from './a.ts'", ['a', 'b']],
    ['interface A { b: C; d(): void }', ['A', 'C']],
  ])('of %s are the variables alone', (text, names) => {
    expect(referencesOf(new Source('a.ts', text)).map(({ name }) => name)).toEqual(names)
  })
})
