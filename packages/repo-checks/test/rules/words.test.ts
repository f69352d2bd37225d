import { describe, expect, test } from 'vitest'
import { type Exception, words } from '../../src/rules/words.ts'
import { violationsOf } from '../violations-of.ts'

// The samples are joined here, because the rule reads this file too.
const joined = (...parts: readonly string[]): string => parts.join('')
const TOLD = joined('to', 'ld')
const ANSWERS = joined('ans', 'wers')
const path = 'packages/core/src/a.ts'

describe('words', () => {
  test.each([
    TOLD,
    joined('Te', 'lls'),
    joined('te', 'lling'),
    joined('hea', 'rd'),
    joined('who', 'ever'),
    joined('No', 'body'),
    joined('every', 'body'),
    joined('is', ' none'),
    joined('are', ' none'),
    `${ANSWERS} undefined`,
    `${ANSWERS} the`,
    `${joined('answ', 'ered')} a`,
    joined('statement', ' 12'),
    joined('rows', ' 3'),
    joined('issue', ' 5'),
    joined('the core', ' issue'),
  ])('finds “%s” in text of every kind', (hit) => {
    const [program, document] = ['packages/core/test/a.test.ts', 'docs/a.md']
    const found = violationsOf((repository) => words(repository, []), {
      [path]: `/** One ${hit} value. */\nexport const a = 1 // ${hit} value`,
      [program]: `test('${hit} value', f)\nthrow new Error(\`It ${hit} value \${a}\`)`,
      [document]: `# A\n\nIt ${hit} value.`,
      'packages/core/a.json': `{ "description": "${hit} value" }`,
      '.ci/a.mjs': `console.log('${hit} value')`,
    })
    const what = `uses “${hit}”`
    expect(found).toEqual([
      `${path}:1 ${what}`,
      `${path}:2 ${what}`,
      `${program}:1 ${what}`,
      `${program}:2 ${what}`,
      `${document}:3 ${what}`,
      `packages/core/a.json:1 ${what}`,
      `.ci/a.mjs:1 ${what}`,
    ])
  })

  test.each([
    `/**\n * What ${joined('is', '\n * none')}. */`,
    `// What ${joined('is', '\n// none')}.`,
    `const a = 1 // What ${joined('is', '\n  // none')}`,
  ])('finds words that a line break in a comment separates: %j', (text) => {
    expect(violationsOf((repository) => words(repository, []), { [path]: text })).toHaveLength(1)
  })

  test.each([
    `const ${TOLD} = f(${joined('no', 'body')})`,
    `import { a } from './${TOLD}.ts'`,
    `const state: State = '${TOLD}'`,
    `// Undefined when there ${joined('is', ' none')}.`,
    `// A server ${ANSWERS} the first request.`,
    `// It ${ANSWERS} a close frame at once.`,
    `/** The peer, once it\n * ${ANSWERS} the frame. */`,
    '// The untold intellect',
    '// There are no rows, and 3 columns',
  ])('accepts %s', (text) => {
    expect(violationsOf((repository) => words(repository, []), { [path]: text })).toEqual([])
  })

  test('finds a value in the backquotes of a comment', () => {
    const found = violationsOf((repository) => words(repository, []), {
      [path]: `/** It ${ANSWERS} \`undefined\`. */`,
    })
    expect(found).toEqual([`${path}:1 uses “${ANSWERS} \`undefined”`])
  })

  test('accepts names in the backquotes of documents', () => {
    const text = `See \`${TOLD}.ts\`.`
    expect(violationsOf((repository) => words(repository, []), { 'docs/a.md': text })).toEqual([])
  })

  test('accepts what an exception names, and finds an exception that is no longer needed', () => {
    const exceptions: readonly Exception[] = [{ path, text: `were ${TOLD} twice`, reason: 'A quotation.' }]
    const check = (text: string): readonly string[] =>
      violationsOf((repository) => words(repository, exceptions), { [path]: text })
    expect(check(`// They were ${TOLD} twice.`)).toEqual([])
    expect(check(`// They were ${TOLD} twice.\n// Once ${TOLD}.`)).toEqual([`${path}:2 uses “${TOLD}”`])
    expect(check('')).toEqual([`${path}:1 no longer has “were ${TOLD} twice”`])
  })
})
