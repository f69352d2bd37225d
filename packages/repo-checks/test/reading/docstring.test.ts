import { describe, expect, test } from 'vitest'
import { hasDocstring } from '../../src/reading/docstring.ts'
import { Source } from '../../src/reading/source.ts'

describe('hasDocstring', () => {
  test.each([
    ['/** Says. */\nconst a = 1', true],
    ['/**\n * Says.\n */\n\n// A linter reads this.\nconst a = 1', true],
    ['const a = 1', false],
    ['// Says.\nconst a = 1', false],
    ['/* Says. */\nconst a = 1', false],
    ['/** Says. */\nconst b = 1\nconst a = 1', false],
  ])('of %j is %s', (text, expected) => {
    expect(hasDocstring(new Source('a.ts', text), { start: text.indexOf('const a') })).toBe(expected)
  })
})
