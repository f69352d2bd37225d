import { describe, expect, test } from 'vitest'
import { plainTypes } from '../../src/rules/plain-types.ts'
import { violationsOf } from '../violations-of.ts'

const path = 'packages/core/src/node/a.ts'

describe('plainTypes', () => {
  test.each([
    ['const a: any = 1', 'uses any'],
    ['const a = b!', 'asserts with !'],
    ['class A { b!: string }', 'is asserted to be set later'],
    ['enum A { b }', 'declares an enum'],
    ['namespace A {}', 'declares a namespace'],
    ['declare global {}', 'declares a namespace'],
    ['interface IReactor {}', 'IReactor has the prefix I'],
    ['class A { constructor(readonly b: string) {} }', 'declares a parameter property'],
    ['class A { private b() {} }', 'is private by keyword'],
    ['class A { private readonly b = 1 }', 'is private by keyword'],
    ['let a = 1', 'keeps state in the module'],
    ['export let a = 1', 'keeps state in the module'],
    ['// @ts-expect-error\nf()', 'silences the compiler'],
    ['/* @ts-ignore */\nf()', 'silences the compiler'],
  ])('finds %s', (text, what) => {
    expect(violationsOf(plainTypes, { [path]: `\n${text}` })).toEqual([`${path}:2 ${what}`])
  })

  test.each([
    'const a: unknown = 1',
    'const a = !b',
    'interface IPAddress {}',
    'interface Iterator {}',
    'class A { #b = 1; private constructor() {} }',
    'function f() { let a = 1; a += 1 }',
    '// Says why @ts-ignore is not here.',
  ])('accepts %s', (text) => {
    expect(violationsOf(plainTypes, { [path]: text })).toEqual([])
  })

  test('accepts ! where bytes are read', () => {
    expect(violationsOf(plainTypes, { 'packages/core/src/bytes/a.ts': 'const a = b[0]!' })).toEqual([])
  })
})
