import { describe, expect, test } from 'vitest'
import { docstrings, rfcTags } from '../../src/rules/docstrings.ts'
import { violationsOf } from '../violations-of.ts'

const path = 'packages/core/src/a.ts'

describe('docstrings', () => {
  test.each([
    ['export const a = 1', 'a has no docstring'],
    ['export function a() {}', 'a has no docstring'],
    ['export class A {}', 'A has no docstring'],
    ['export interface A {}', 'A has no docstring'],
    ['export type A = string', 'A has no docstring'],
    ['const a = 1\nexport { a }', 'an export list has no docstring'],
    ['export default class {}', 'the default export has no docstring'],
  ])('finds %s', (text, what) => {
    expect(violationsOf(docstrings, { [path]: text })).toEqual([`${path}:${text.split('\n').length} ${what}`])
  })

  test.each([
    'b() {}',
    'protected async b() {}',
    'abstract b(): void',
    'static b() {}',
    'readonly c = 1; b() {}',
  ])('finds a bare method: %s', (member) => {
    const text = `/** Does. */\nexport abstract class A {\n${member}\n}`
    expect(violationsOf(docstrings, { [path]: text })).toEqual([`${path}:3 b has no docstring`])
  })

  test.each([
    '/** Does. */ b() {}',
    'override b() {}',
    'constructor() {}',
    'get b() { return 1 }',
    '#b() {}',
    '[Symbol.iterator]() {}',
    '/** Does. */ b(a: string): void\nb(a: number): void\nb() {}',
    '/** Each serves its method. */ render_GET?(): void\nrender_PUT?(): void',
  ])('accepts the member %s', (member) => {
    const text = `/** Does. */\nexport class A extends B {\n${member}\n}`
    expect(violationsOf(docstrings, { [path]: text })).toEqual([])
  })

  test('accepts a method that an implemented interface describes, only there', () => {
    const files = {
      'packages/core/src/interfaces/b.ts':
        '/** Is. */\nexport interface B {\n/** Does. */\nb(): void\nc(): void\n}',
      [path]: '/** Does. */\nexport class A implements B {\nb() {}\nc() {}\n}',
    }
    expect(violationsOf(docstrings, files)).toEqual([`${path}:4 c has no docstring`])
  })

  test('accepts one docstring for overloads, and for a constant with its type', () => {
    const overloads =
      '/** Does. */\nexport function a(b: string): void\nexport function a(b: number): void\nexport function a() {}'
    const constant = '/** Is. */\nexport const O = 1\nexport type O = typeof O'
    expect(violationsOf(docstrings, { [path]: `${overloads}\n${constant}` })).toEqual([])
  })

  test('accepts one docstring for constants on adjacent lines, not beyond an empty one', () => {
    const list = '/** Bytes by name. */\nexport const CR = 13\nexport const LF = 10'
    expect(violationsOf(docstrings, { [path]: `${list}\n\nexport const SP = 32` })).toEqual([
      `${path}:5 SP has no docstring`,
    ])
  })

  test('ignores entries, and declarations that are not exported', () => {
    const files = { 'packages/core/src/index.ts': "export { a } from './a.ts'", [path]: 'class A { b() {} }' }
    expect(violationsOf(docstrings, files)).toEqual([])
  })
})

describe('rfcTags', () => {
  test('finds a codec file that names no section', () => {
    const files = {
      'packages/http/src/codec/a.ts': '/** Obeys RFC 9112. */\nexport const a = 1',
      'packages/websocket/src/codec/deep/b.ts': "export const b = 'RFC 6455 §5.2'",
    }
    expect(violationsOf(rfcTags, files)).toEqual([
      'packages/http/src/codec/a.ts:1 names no RFC section',
      'packages/websocket/src/codec/deep/b.ts:1 names no RFC section',
    ])
  })

  test('accepts a file that does, and ignores other folders', () => {
    const files = {
      'packages/http/src/codec/a.ts': '/** Decodes chunks (RFC 9112 §7.1). */\nexport const a = 1',
      'packages/http/src/server/b.ts': '',
    }
    expect(violationsOf(rfcTags, files)).toEqual([])
  })
})
