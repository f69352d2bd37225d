import { describe, expect, test } from 'vitest'
import { examples } from '../../src/rules/examples.ts'
import { violationsOf } from '../violations-of.ts'

const entry = 'packages/core/src/index.ts'
const source = 'packages/core/src/a.ts'
const exporting = { [entry]: "export { a } from './a.ts'" }

describe('examples', () => {
  test.each(['export const a = 1', 'export function a() {}', 'export class a {}'])('finds %s', (text) => {
    expect(violationsOf(examples, { ...exporting, [source]: text })).toEqual([`${entry}:1 a has no example`])
  })

  test.each([
    ['a listing of the guide', { 'docs/guide/a.md': '```ts\na()\n```\n' }],
    ['a program in examples/', { 'examples/a.ts': 'a()' }],
    ['an @example', { [source]: '/**\n * Does.\n *\n * @example\n * a()\n */\nexport function a() {}' }],
    [
      'indented code in its docstring',
      { [source]: '/**\n * Does.\n *\n *     a()\n */\nexport function a() {}' },
    ],
    [
      'an example of its file',
      { [source]: 'export function a() {}\nexport const b = 1', 'examples/b.ts': 'b' },
    ],
  ])('accepts %s', (_, files) => {
    expect(violationsOf(examples, { ...exporting, [source]: 'export function a() {}', ...files })).toEqual([])
  })

  test('ignores the text of documents', () => {
    const files = {
      ...exporting,
      [source]: 'export function a() {}',
      'docs/guide/a.md': '`a` is a function.',
    }
    expect(violationsOf(examples, files)).toEqual([`${entry}:1 a has no example`])
  })

  test('ignores types, errors, and entries for those who build on parts', () => {
    const files = {
      [entry]: "export { type A, AError } from './a.ts'\nexport { Lost } from './errors.ts'",
      'packages/core/src/reactor.ts': "export { b } from './a.ts'",
      [source]: '',
    }
    expect(violationsOf(examples, files)).toEqual([])
  })
})
