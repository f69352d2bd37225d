import { describe, expect, test } from 'vitest'
import { functionsOf } from '../../src/reading/functions.ts'
import { Source } from '../../src/reading/source.ts'

describe('functionsOf', () => {
  test.each([
    ['function a() {}', 'a'],
    ['export async function* a() {}', 'a'],
    ['const a = () => {}', 'a'],
    ['class A { b() {} }', 'b'],
    ['class A { #b() {} }', '#b'],
    ['class A { #b = () => {} }', '#b'],
    ['const o = { b() {} }', 'b'],
  ])('finds the function in %s', (text, name) => {
    expect(functionsOf(new Source('a.ts', text)).map((found) => found.name)).toEqual([name])
  })

  test('spans the whole function, and finds none in plain values', () => {
    const text = 'const a = 1\nfunction b() {\n  return a\n}\n'
    const [found] = functionsOf(new Source('a.ts', text))
    expect(text.slice(found?.start, found?.end)).toBe('function b() {\n  return a\n}')
    expect(functionsOf(new Source('a.ts', 'const a = 1'))).toEqual([])
  })
})
