import { describe, expect, test } from 'vitest'
import { declarations } from '../../src/rules/declarations.ts'
import { violationsOf } from '../violations-of.ts'

const path = 'packages/core/src/node/a.ts'

describe('declarations', () => {
  test.each([
    ['class A { b!: string }', 'is asserted to be set later'],
    ['namespace A {}', 'declares a namespace'],
    ['declare global {}', 'declares a namespace'],
    ['interface IReactor {}', 'IReactor has the prefix I'],
    ['class A { private b() {} }', 'is private by keyword'],
    ['class A { private readonly b = 1 }', 'is private by keyword'],
    ['let a = 1', 'keeps state in the module'],
    ['export let a = 1', 'keeps state in the module'],
  ])('finds %s', (text, what) => {
    expect(violationsOf(declarations, { [path]: `\n${text}` })).toEqual([`${path}:2 ${what}`])
  })

  test.each([
    'interface IPAddress {}',
    'interface Iterator {}',
    'class A { #b = 1; private constructor() {} }',
    'function f() { let a = 1; a += 1 }',
  ])('accepts %s', (text) => {
    expect(violationsOf(declarations, { [path]: text })).toEqual([])
  })
})
