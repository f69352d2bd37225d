import { describe, expect, test } from 'vitest'
import type { LengthAllowance } from '../../src/rules/length-allowances.ts'
import { lengths } from '../../src/rules/lengths.ts'
import { violationsOf } from '../violations-of.ts'

const path = 'packages/core/src/a.ts'

describe('lengths', () => {
  test('finds a file over 500 lines', () => {
    expect(found(lines(501))).toEqual([`${path}:1 has 501 lines`])
    expect(found(lines(500))).toEqual([])
  })

  test('finds a function over 60 lines', () => {
    expect(found(`\nfunction a() {\n${lines(59)}}\n`)).toEqual([`${path}:2 a has 61 lines`])
    expect(found(`\nfunction a() {\n${lines(58)}}\n`)).toEqual([])
  })

  test('accepts what an allowance names, and nothing else in the file', () => {
    const text = `function a() {\n${lines(59)}}\nfunction b() {\n${lines(59)}}\n`
    expect(found(text, [{ path, name: 'a', reason: 'A table.' }])).toEqual([`${path}:62 b has 61 lines`])
    expect(found(lines(501), [{ path, reason: 'A table.' }])).toEqual([])
  })

  test('finds a file over 600 lines whatever is allowed', () => {
    expect(found(lines(601), [{ path, reason: 'A table.' }])).toEqual([`${path}:1 has 601 lines`])
  })

  test('finds an allowance that nothing needs', () => {
    expect(found('', [{ path, name: 'a', reason: 'A table.' }])).toEqual([
      `${path}:1 a is not long, or is gone`,
    ])
  })
})

function found(text: string, allowances: readonly LengthAllowance[] = []): readonly string[] {
  return violationsOf((repository) => lengths(repository, allowances), { [path]: text })
}

function lines(count: number): string {
  return '// a line\n'.repeat(count)
}
