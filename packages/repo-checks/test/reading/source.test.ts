import { describe, expect, test } from 'vitest'
import { Source } from '../../src/reading/source.ts'

describe('Source', () => {
  test('reports a violation on the line where the node begins, after characters of several bytes too', () => {
    const source = new Source('a.ts', '// “é”\nlet b = 1\n')
    const [node] = source.program.body
    expect(node).toBeDefined()
    expect(source.violation(node ?? { start: 0 }, 'what', 'remedy')).toEqual({
      path: 'a.ts',
      line: 2,
      what: 'what',
      remedy: 'remedy',
    })
  })

  test('counts the lines of a stretch, the first and the last included', () => {
    const text = 'let a = [\n1,\n]\n'
    expect(new Source('a.ts', text).linesOf({ start: 0, end: text.indexOf(']') })).toBe(3)
  })

  test('visits outer nodes before inner ones', () => {
    const seen: string[] = []
    new Source('a.ts', 'class A { b() {} }').visit({
      ClassDeclaration: () => seen.push('class'),
      MethodDefinition: () => seen.push('method'),
    })
    expect(seen).toEqual(['class', 'method'])
  })

  test('tells the errors of a text that is no TypeScript', () => {
    expect(new Source('a.ts', 'let = =').errors.length).toBeGreaterThan(0)
    expect(new Source('a.ts', 'let a: number = 1').errors).toEqual([])
  })
})
